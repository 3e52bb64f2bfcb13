import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import {
  committed,
  failure,
  isMissing,
  paths,
  queryWriteStatus,
  type RawUpload,
  read,
  upload,
  uploadName,
  write,
  writeRequest,
  writeRequests,
} from '@gorego/conformance/client'
import { blobOfSize, type TestBlob } from '@gorego/core/testing'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const MIB = 1024 * 1024

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ execution: { enabled: false } })
})
test.after(() => rig.stop())

/** The rest of a blob from some offset on, in one request. */
function rest({ bytes }: TestBlob, name: string, offset: number) {
  return [writeRequest({ name, offset, data: bytes.subarray(offset), finish: true })]
}

/** Some bytes of a blob, without an end. */
function* requestsFrom({ bytes }: TestBlob, name: string, from: number, to: number, chunkSize: number) {
  for (let offset = from; offset < to; offset += chunkSize) {
    const data = bytes.subarray(offset, Math.min(to, offset + chunkSize))
    yield writeRequest({ name: offset === from ? name : '', offset, data })
  }
}

/** Asks until the server has as much of the upload as was sent: it answers nothing while an upload is under way. */
async function untilReceived(name: string, size: number): Promise<void> {
  for (;;) {
    const { committedSize, complete } = await queryWriteStatus(rig.client, name)
    assert.not(complete)
    assert.ok(committedSize <= size, 'QS-03')
    if (committedSize === size) return
  }
}

/** An upload of which the first bytes were sent and arrived; what happens to it then is the test's. */
async function begun({ bytes }: TestBlob, name: string, size: number, client = rig.client): Promise<RawUpload> {
  const upload = client.clientStream(paths.write)
  await upload.send(writeRequest({ name, data: bytes.subarray(0, size) }))
  await untilReceived(name, size)
  return upload
}

const breakages: Record<string, (blob: TestBlob, name: string, size: number) => Promise<void>> = {
  'the client cancels': async (blob, name, size) => (await begun(blob, name, size)).cancel(),
  'the connection is lost': async (blob, name, size) => {
    const client = rig.connect()
    await begun(blob, name, size, client)
    client[Symbol.dispose]()
  },
  'the client closes its side without finish_write': async (blob, name, size) => {
    const upload = await begun(blob, name, size)
    upload.end()
    assert.is((await failure(upload.response)).code, 'INVALID_ARGUMENT', 'BW-04')
  },
  'the client runs out of time': async (blob, name, size) => {
    // Until the time was enough for what was sent to come.
    for (let timeoutMs = 100; ; timeoutMs *= 2) {
      const upload = rig.client.clientStream(paths.write, { timeoutMs })
      await upload.send(writeRequest({ name, data: blob.bytes.subarray(0, size) }))
      assert.is((await failure(upload.response)).code, 'DEADLINE_EXCEEDED')
      if ((await queryWriteStatus(rig.client, name)).committedSize === size) return
    }
  },
  'a request is wrong': async (blob, name, size) => {
    const upload = await begun(blob, name, size)
    await upload.send(writeRequest({ offset: size + 1, data: Buffer.from('x') }))
    assert.is((await failure(upload.response)).code, 'INVALID_ARGUMENT', 'BW-02')
  },
}

for (const [what, breakOff] of Object.entries(breakages)) {
  test(`BW-02, QS-04: where ${what}, the upload can be continued`, async () => {
    for (const size of [100, 700_000]) {
      const blob = blobOfSize(MIB, `${what} ${size}`)
      const name = uploadName(rig.client, blob.digest)
      await breakOff(blob, name, size)
      assert.equal(await queryWriteStatus(rig.client, name), { committedSize: size, complete: false })
      assert.ok(await isMissing(rig.client, blob), 'BW-15')
      assert.is(await write(rig.client, rest(blob, name, size)), MIB, 'BW-09')
      assert.ok((await read(rig.client, blob.digest)).equals(blob.bytes))
      assert.equal(await queryWriteStatus(rig.client, name), { committedSize: MIB, complete: true })
    }
    assert.equal(rig.temporaryFiles(), [])
  })
}

test('BW-02: other offsets are refused and harm nothing; 0 starts over', async () => {
  const blob = blobOfSize(MIB, 'offsets')
  const name = uploadName(rig.client, blob.digest)
  for (const offset of [1, 100]) {
    assert.is((await failure(write(rig.client, rest(blob, name, offset)))).code, 'INVALID_ARGUMENT')
  }
  await breakages['the client cancels']?.(blob, name, 1000)
  for (const offset of [1, 999, 1001, -1, MIB, 2 ** 50]) {
    assert.is((await failure(write(rig.client, rest(blob, name, offset)))).code, 'INVALID_ARGUMENT', String(offset))
  }
  assert.equal(await queryWriteStatus(rig.client, name), { committedSize: 1000, complete: false })
  assert.is(await write(rig.client, writeRequests(blob, { name, chunkSize: 100_000 })), MIB)
  assert.equal(rig.temporaryFiles(), [])
})

test('QS-03, QS-04: however often and wherever an upload breaks off, it goes on to the right blob', async () => {
  const breaks = fc.array(fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true }), cancel: fc.boolean() }), {
    maxLength: 5,
  })
  const size = fc.integer({ min: 1, max: 500_000 })
  await fc.assert(
    fc.asyncProperty(size, fc.integer({ min: 1000, max: 200_000 }), breaks, async (size, chunkSize, breaks) => {
      const blob = blobOfSize(size, `random ${randomUUID()}`)
      const name = uploadName(rig.client, blob.digest)
      let from = 0
      let sent = 0
      for (const { share, cancel } of breaks) {
        const upload = rig.client.clientStream(paths.write)
        const to = from + Math.floor((size - from) * share)
        // What an earlier connection sent may arrive late.
        sent = Math.max(sent, to)
        for (const request of requestsFrom(blob, name, from, to, chunkSize)) await upload.send(request)
        if (cancel) upload.cancel()
        else upload.end()
        await failure(upload.response)
        const { committedSize, complete } = await queryWriteStatus(rig.client, name)
        assert.ok(!complete && committedSize >= from && committedSize <= sent)
        from = committedSize
      }
      const upload = rig.client.clientStream(paths.write)
      for (const request of requestsFrom(blob, name, from, size, chunkSize)) await upload.send(request)
      await upload.send(writeRequest({ name: from === size ? name : '', offset: size, finish: true }))
      upload.end()
      assert.is(await committed(upload), size)
      assert.ok((await read(rig.client, blob.digest)).equals(blob.bytes))
    }),
    { numRuns: 25 },
  )
  assert.equal(rig.temporaryFiles(), [])
})

test('uploads are told apart by instance, uuid and digest, but not by the metadata behind', async () => {
  const blob = blobOfSize(5000, 'names')
  const name = `a/uploads/1/blobs/${blob.digest}`
  await breakages['the client cancels']?.(blob, `${name}/x.o`, 1000)
  for (const other of [`uploads/1/blobs/${blob.digest}`, `b/${name}`, `a/uploads/2/blobs/${blob.digest}`]) {
    assert.is((await queryWriteStatus(rig.client, other)).committedSize, 0)
  }
  assert.is(await write(rig.client, rest(blob, `${name}/y`, 1000)), 5000)
  assert.equal(rig.temporaryFiles(), [])
})

test('BW-05: what was continued is verified as a whole, and thrown away if it is something else', async () => {
  const blob = blobOfSize(5000, 'right')
  const name = uploadName(rig.client, blob.digest)
  await breakages['the client cancels']?.({ ...blob, bytes: blobOfSize(5000, 'wrong').bytes }, name, 1000)
  assert.is((await failure(write(rig.client, rest(blob, name, 1000)))).code, 'INVALID_ARGUMENT')
  assert.equal(await queryWriteStatus(rig.client, name), { committedSize: 0, complete: false })
  assert.ok(await isMissing(rig.client, blob))
  assert.equal(rig.temporaryFiles(), [])
})

test('QS-04: a client that comes back before its old connection is noticed to be dead continues', async () => {
  const blob = blobOfSize(MIB, 'comes back')
  const name = uploadName(rig.client, blob.digest)
  const old = await begun(blob, name, 1000)
  assert.is(await write(rig.client, rest(blob, name, 1000)), MIB)
  // The old one may say that it was put off, or that the blob is there: never that something went wrong here.
  await old.send(writeRequest({ offset: 1000, data: blob.bytes.subarray(1000), finish: true }))
  old.end()
  const answer = await committed(old).catch(async () => (await failure(old.response)).code)
  assert.ok(answer === 'ABORTED' || answer === MIB, String(answer))
  assert.ok((await read(rig.client, blob.digest)).equals(blob.bytes))
  assert.equal(rig.temporaryFiles(), [])
})

test('BW-11: many uploads of one name at the same time, from 0: all succeed', async () => {
  const blob = blobOfSize(2 * MIB, 'same name')
  const name = uploadName(rig.client, blob.digest)
  const writers = Array.from({ length: 6 }, (_, n) =>
    write(rig.client, writeRequests(blob, { name, chunkSize: 70_000 * (n + 1) })),
  )
  assert.equal(new Set(await Promise.all(writers)), new Set([2 * MIB]))
  assert.ok((await read(rig.client, blob.digest)).equals(blob.bytes))
  assert.equal(rig.temporaryFiles(), [])
})

test('BW-08: a blob that came from somebody else meanwhile ends the wait for the rest, and frees what was kept', async () => {
  const blob = blobOfSize(MIB, 'came otherwise')
  const name = uploadName(rig.client, blob.digest)
  await breakages['the client cancels']?.(blob, name, 1000)
  assert.is(await upload(rig.client, blob), MIB)
  assert.equal(await queryWriteStatus(rig.client, name), { committedSize: MIB, complete: true })
  assert.is(await write(rig.client, rest(blob, name, 1000)), MIB)
  assert.equal(rig.temporaryFiles(), [])
})

test('a server that keeps nothing of uploads that break off says so', async () => {
  await using forgetful = await ServerRig.start({
    execution: { enabled: false },
    localCache: { partialUploads: { maxSizeGb: 0, keepMinutes: 10 } },
  })
  const blob = blobOfSize(5000, 'forgotten')
  const name = uploadName(rig.client, blob.digest)
  const upload = forgetful.client.clientStream(paths.write)
  await upload.send(writeRequest({ name, data: blob.bytes.subarray(0, 1000) }))
  upload.end()
  assert.is((await failure(upload.response)).code, 'INVALID_ARGUMENT')
  assert.equal(await queryWriteStatus(forgetful.client, name), { committedSize: 0, complete: false })
  assert.equal(forgetful.temporaryFiles(), [])
})

test('a flood of uploads that break off takes no descriptors and ends with the server', async () => {
  const blob = blobOfSize(5000, 'flood')
  const descriptors = () => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0)
  await using flooded = await ServerRig.start({ execution: { enabled: false } })
  assert.is(flooded.temporaryFiles().length, 0)
  const before = descriptors()
  for (let round = 0; round < 10; round++) {
    const calls = Array.from({ length: 50 }, () => {
      return failure(
        write(flooded.client, [writeRequest({ name: uploadName(rig.client, blob.digest), data: blob.bytes })]),
      )
    })
    for (const { code } of await Promise.all(calls)) assert.is(code, 'INVALID_ARGUMENT')
  }
  assert.is(flooded.temporaryFiles().length, 500)
  assert.ok(descriptors() < before + 50, 'closed while nothing comes')
})

test.run()
