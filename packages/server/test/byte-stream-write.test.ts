import { randomUUID } from 'node:crypto'
import { Digest, emptyDigest, reapi, SHA256 } from '@gorego/core'
import { blobOf, blobOfSize, type TestBlob } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { committed, isMissing, paths, read, uploadName, write, writeRequest, writeRequests } from './calls.js'
import { failure } from './raw-client.js'
import { ServerRig } from './server-rig.js'

const MIB = 1024 * 1024

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ execution: { enabled: false } })
})
test.after(() => rig.stop())

/** What the server says to these requests, and that it keeps nothing of them. */
async function refusal(blob: Pick<TestBlob, 'digest'>, requests: Iterable<reapi.WriteRequest>): Promise<string> {
  const { code } = await failure(write(rig.client, requests))
  assert.ok(await isMissing(rig.client, blob), 'BW-15: not visible')
  assert.equal(rig.temporaryFiles(), [], 'GEN-07')
  return code
}

test('BW-09: blobs of all sizes, in messages of all sizes', async () => {
  for (const [size, chunkSize] of [
    [1, 1],
    [1000, 1],
    [64 * 1024, 64 * 1024],
    [5 * MIB, 100_000],
    [5 * MIB, 4_193_415],
  ] as const) {
    const blob = blobOfSize(size, `bw ${chunkSize}`)
    assert.is(await write(rig.client, writeRequests(blob, { chunkSize })), size)
    assert.ok((await read(rig.client, blob.digest)).equals(blob.bytes))
  }
})

test('BW-01: the first request names the resource, later ones may repeat it but name no other', async () => {
  const blob = blobOf('bw names')
  const name = uploadName(blob.digest)
  const [head, tail] = [blob.bytes.subarray(0, 3), blob.bytes.subarray(3)]
  const second = { offset: 3, data: tail, finish: true }
  assert.is(await refusal(blob, [writeRequest({ data: blob.bytes, finish: true })]), 'INVALID_ARGUMENT')
  const another = [writeRequest({ name, data: head }), writeRequest({ name: uploadName(blob.digest), ...second })]
  assert.is(await refusal(blob, another), 'INVALID_ARGUMENT')
  const repeated = [writeRequest({ name, data: head }), writeRequest({ name, ...second })]
  assert.is(await write(rig.client, repeated), blob.bytes.length)
})

test('BW-02: offsets must be those of the bytes', async () => {
  const blob = blobOf('bw offsets')
  const name = uploadName(blob.digest)
  for (const offset of [1, -1, 2 ** 60]) {
    assert.is(await refusal(blob, [writeRequest({ name, offset, data: blob.bytes, finish: true })]), 'INVALID_ARGUMENT')
  }
  const first = writeRequest({ name, data: blob.bytes.subarray(0, 4) })
  for (const offset of [0, 3, 5]) {
    const second = writeRequest({ offset, data: blob.bytes.subarray(4), finish: true })
    assert.is(await refusal(blob, [first, second]), 'INVALID_ARGUMENT')
  }
})

test('BW-04: without finish_write nothing is stored', async () => {
  const blob = blobOf('bw unfinished')
  assert.is(
    await refusal(blob, [writeRequest({ name: uploadName(blob.digest), data: blob.bytes })]),
    'INVALID_ARGUMENT',
  )
  assert.is(await refusal(blob, []), 'INVALID_ARGUMENT')
})

test('BW-04: finish_write may come in a request of its own', async () => {
  const blob = blobOf('bw finish alone')
  const requests = [
    writeRequest({ name: uploadName(blob.digest), data: blob.bytes }),
    writeRequest({ offset: blob.bytes.length, finish: true }),
  ]
  assert.is(await write(rig.client, requests), blob.bytes.length)
})

test('BW-04: an answer does not wait for the client to close its side', async () => {
  const blob = blobOf('bw half open')
  const upload = rig.client.clientStream(paths.write)
  await upload.send(writeRequest({ name: uploadName(blob.digest), data: blob.bytes, finish: true }))
  assert.is(await committed(upload), blob.bytes.length)
})

test('BW-05, BW-15, DIG-02: content that is not what the name says is refused, and nobody sees it', async () => {
  for (const size of [10, 2 * MIB]) {
    const blob = blobOfSize(size, 'bw right')
    const name = uploadName(blob.digest)
    const wrong = { digest: blob.digest, bytes: blobOfSize(size, 'bw wrong').bytes }
    assert.is(await refusal(blob, writeRequests(wrong, { name })), 'INVALID_ARGUMENT')
    const short = { digest: blob.digest, bytes: blob.bytes.subarray(1) }
    assert.is(await refusal(blob, writeRequests(short, { name })), 'INVALID_ARGUMENT')
    const resized = { digest: Digest.of(SHA256, blob.digest.hash, size + 1), bytes: blob.bytes }
    assert.is(await refusal(resized, writeRequests(resized)), 'INVALID_ARGUMENT')
  }
})

test('BW-06: more bytes than promised are refused as soon as they come', async () => {
  const blob = blobOf('bw short')
  const upload = rig.client.clientStream(paths.write)
  await upload.send(writeRequest({ name: uploadName(blob.digest), data: Buffer.from('bw shorter') }))
  // The client is not done, and never will be.
  assert.is((await failure(upload.response)).code, 'INVALID_ARGUMENT')
  assert.ok(await isMissing(rig.client, blob))
})

test('BW-08: a blob that is there is acknowledged at the first message', async () => {
  const blob = blobOfSize(MIB, 'bw present')
  await write(rig.client, writeRequests(blob))
  const upload = rig.client.clientStream(paths.write)
  await upload.send(writeRequest({ name: uploadName(blob.digest), data: blob.bytes.subarray(0, 100) }))
  assert.is(await committed(upload), MIB)
  // Clients that go on regardless get the same answer.
  assert.is(await write(rig.client, writeRequests(blob, { chunkSize: 1000 })), MIB)
})

test('BW-08: an upload that somebody else overtakes is acknowledged, too', async () => {
  const blob = blobOfSize(MIB, 'bw overtaken')
  const requests = [...writeRequests(blob, { chunkSize: 1024 })]
  const slow = rig.client.clientStream(paths.write)
  for (const request of requests.slice(0, 5)) await slow.send(request)
  assert.is(await write(rig.client, writeRequests(blob)), MIB)
  let answered = false
  const answer = committed(slow).finally(() => {
    answered = true
  })
  // Never the last one: the answer comes before all is sent.
  for (const request of requests.slice(5, -1)) if (!answered) await slow.send(request)
  assert.is(await answer, MIB)
  assert.equal(rig.temporaryFiles(), [])
})

test('BW-11: of many who write one blob at once all succeed', async () => {
  const blob = blobOfSize(3 * MIB, 'bw popular')
  const writers = Array.from({ length: 8 }, (_, n) => {
    return write(rig.client, writeRequests(blob, { chunkSize: 100_000 * (n + 1) }))
  })
  assert.equal(new Set(await Promise.all(writers)), new Set([3 * MIB]))
  assert.ok((await read(rig.client, blob.digest)).equals(blob.bytes))
  assert.equal(rig.temporaryFiles(), [])
})

test('BW-12: a blob beyond the largest is refused before its bytes', async () => {
  const digest = Digest.of(SHA256, 'ab'.repeat(32), 1e9 + 1)
  const upload = rig.client.clientStream(paths.write)
  await upload.send(writeRequest({ name: uploadName(digest) }))
  assert.is((await failure(upload.response)).code, 'INVALID_ARGUMENT')
})

test('BW-14: the empty blob', async () => {
  const empty = { digest: emptyDigest(SHA256), bytes: Buffer.alloc(0) }
  assert.is(await write(rig.client, writeRequests(empty)), 0)
})

test('BW-15: an upload under way is invisible', async () => {
  const blob = blobOfSize(MIB, 'bw under way')
  const upload = rig.client.clientStream(paths.write)
  const requests = [...writeRequests(blob, { chunkSize: 300_000 })]
  for (const request of requests.slice(0, -1)) await upload.send(request)
  assert.ok(await isMissing(rig.client, blob))
  assert.is((await failure(read(rig.client, blob.digest))).code, 'NOT_FOUND')
  for (const request of requests.slice(-1)) await upload.send(request)
  upload.end()
  assert.is(await committed(upload), MIB)
  assert.not(await isMissing(rig.client, blob))
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

test('QS-01, QS-02, QS-04: unfinished uploads are not resumed; a blob that is there is complete', async () => {
  const blob = blobOf('qs blob')
  const name = uploadName(blob.digest)
  const status = async (resourceName: string) => {
    const request = new reapi.QueryWriteStatusRequest().setResourceName(resourceName)
    const response = await rig.client.unary(paths.queryWriteStatus, request)
    return reapi.QueryWriteStatusResponse.deserializeBinary(response).toObject()
  }
  assert.equal(await status(name), { committedSize: 0, complete: false })
  const upload = rig.client.clientStream(paths.write)
  await upload.send(writeRequest({ name, data: blob.bytes.subarray(0, 2) }))
  assert.equal(await status(name), { committedSize: 0, complete: false })
  upload.cancel()
  assert.is(await write(rig.client, writeRequests(blob, { name })), blob.bytes.length)
  assert.equal(await status(name), { committedSize: blob.bytes.length, complete: true })
  assert.equal(await status(uploadName(blob.digest)), { committedSize: blob.bytes.length, complete: true })
  const bad = new reapi.QueryWriteStatusRequest().setResourceName(`blobs/${blob.digest}`)
  assert.is((await failure(rig.client.unary(paths.queryWriteStatus, bad))).code, 'INVALID_ARGUMENT')
})

test.run()
