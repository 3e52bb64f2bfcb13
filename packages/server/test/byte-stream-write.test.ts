import { randomUUID } from 'node:crypto'
import {
  committed,
  failure,
  isMissing,
  paths,
  queryWriteStatus,
  read,
  upload,
  uploadName,
  write,
  writeRequest,
  writeRequests,
} from '@gorego/conformance/client'
import { Digest, type reapi, SHA256 } from '@gorego/core'
import { blobOf, blobOfSize, type TestBlob } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const MIB = 1024 * 1024

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ execution: { enabled: false } })
})
test.after(() => rig.stop())

/** What the server says to these requests, and that nobody sees anything of them. */
async function refusal(blob: Pick<TestBlob, 'digest'>, requests: Iterable<reapi.WriteRequest>): Promise<string> {
  const { code } = await failure(write(rig.client, requests))
  assert.ok(await isMissing(rig.client, blob), 'BW-15: not visible')
  return code
}

/** The same, for what cannot be continued: it keeps nothing at all. */
async function finalRefusal(blob: Pick<TestBlob, 'digest'>, requests: Iterable<reapi.WriteRequest>): Promise<string> {
  const before = rig.temporaryFiles()
  const code = await refusal(blob, requests)
  assert.equal(rig.temporaryFiles(), before, 'GEN-07')
  return code
}

test('BW-02: offsets must be those of the bytes', async () => {
  const blob = blobOf('bw offsets')
  const name = uploadName(rig.client, blob.digest)
  for (const offset of [1, -1, 2 ** 60]) {
    assert.is(await refusal(blob, [writeRequest({ name, offset, data: blob.bytes, finish: true })]), 'INVALID_ARGUMENT')
  }
  const first = writeRequest({ name, data: blob.bytes.subarray(0, 4) })
  for (const offset of [0, 3, 5]) {
    const second = writeRequest({ offset, data: blob.bytes.subarray(4), finish: true })
    assert.is(await refusal(blob, [first, second]), 'INVALID_ARGUMENT')
  }
})

test('BW-05, BW-15, DIG-02: content that is not what the name says is refused, and nobody sees it', async () => {
  for (const size of [10, 2 * MIB]) {
    const blob = blobOfSize(size, 'bw right')
    const name = uploadName(rig.client, blob.digest)
    const wrong = { digest: blob.digest, bytes: blobOfSize(size, 'bw wrong').bytes }
    assert.is(await finalRefusal(blob, writeRequests(wrong, { name })), 'INVALID_ARGUMENT')
    const short = { digest: blob.digest, bytes: blob.bytes.subarray(1) }
    assert.is(await finalRefusal(blob, writeRequests(short, { name })), 'INVALID_ARGUMENT')
    const resized = { digest: Digest.of(SHA256, blob.digest.hash, size + 1), bytes: blob.bytes }
    assert.is(
      await finalRefusal(resized, writeRequests(resized, { name: uploadName(rig.client, resized.digest) })),
      'INVALID_ARGUMENT',
    )
  }
})

test('BW-06: more bytes than promised are refused as soon as they come', async () => {
  const blob = blobOf('bw short')
  const upload = rig.client.clientStream(paths.write)
  await upload.send(writeRequest({ name: uploadName(rig.client, blob.digest), data: Buffer.from('bw shorter') }))
  // The client is not done, and never will be.
  assert.is((await failure(upload.response)).code, 'INVALID_ARGUMENT')
  assert.ok(await isMissing(rig.client, blob))
})

test('BW-08: an upload that somebody else overtakes is acknowledged, too', async () => {
  const blob = blobOfSize(MIB, 'bw overtaken')
  const requests = [...writeRequests(blob, { name: uploadName(rig.client, blob.digest), chunkSize: 1024 })]
  const before = rig.temporaryFiles()
  const slow = rig.client.clientStream(paths.write)
  for (const request of requests.slice(0, 5)) await slow.send(request)
  assert.is(await upload(rig.client, blob), MIB)
  let answered = false
  const answer = committed(slow).finally(() => {
    answered = true
  })
  // Never the last one: the answer comes before all is sent.
  for (const request of requests.slice(5, -1)) if (!answered) await slow.send(request)
  assert.is(await answer, MIB)
  assert.equal(rig.temporaryFiles(), before)
})

test('BW-11: of many who write one blob at once all succeed', async () => {
  const blob = blobOfSize(3 * MIB, 'bw popular')
  const before = rig.temporaryFiles()
  const writers = Array.from({ length: 8 }, (_, n) => {
    return upload(rig.client, blob, 100_000 * (n + 1))
  })
  assert.equal(new Set(await Promise.all(writers)), new Set([3 * MIB]))
  assert.ok((await read(rig.client, blob.digest)).equals(blob.bytes))
  assert.equal(rig.temporaryFiles(), before)
})

test('RN-03, RN-08, RN-09: uuids of all kinds, instances, metadata after the size', async () => {
  for (const [prefix, suffix] of [
    ['uploads/1', ''],
    [`main/uploads/${randomUUID()}`, '/a/file.o'],
    ['a/b/uploads/same', '/x'],
    ['a/b/uploads/same', '/y'],
  ]) {
    const blob = blobOf(`rn ${prefix} ${suffix}`)
    const name = `${prefix}/blobs/${blob.digest}${suffix}`
    assert.is(await write(rig.client, writeRequests(blob, { name })), blob.bytes.length, name)
  }
})

test('QS-01, QS-02: of an unknown upload nothing has come; a blob that is there is complete under every name', async () => {
  const blob = blobOf('qs blob')
  const name = uploadName(rig.client, blob.digest)
  assert.equal(await queryWriteStatus(rig.client, name), { committedSize: 0, complete: false })
  assert.is(await write(rig.client, writeRequests(blob, { name })), blob.bytes.length)
  assert.equal(await queryWriteStatus(rig.client, name), { committedSize: blob.bytes.length, complete: true })
  assert.equal(await queryWriteStatus(rig.client, uploadName(rig.client, blob.digest)), {
    committedSize: blob.bytes.length,
    complete: true,
  })
  assert.is((await failure(queryWriteStatus(rig.client, `blobs/${blob.digest}`))).code, 'INVALID_ARGUMENT')
})

test.run()
