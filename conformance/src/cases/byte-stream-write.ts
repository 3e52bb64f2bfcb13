import { Digest, emptyDigest, reapi, SHA256 } from '@gorego/core'
import { buildAction, type TestBlob } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import {
  batchRead,
  batchReadRequest,
  committed,
  digestMessage,
  failure,
  isCode,
  isMissing,
  paths,
  read,
  upload,
  uploadName,
  write,
  writeRequest,
  writeRequests,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const byteStreamWrite = new Cases()
const { test } = byteStreamWrite

const MIB = 1024 * 1024
const TOO_MUCH = ['INVALID_ARGUMENT', 'OUT_OF_RANGE']

/** How the server refuses these requests; nobody sees anything of them afterwards. */
async function refusal(t: Tester, blob: Pick<TestBlob, 'digest'>, requests: Iterable<reapi.WriteRequest>) {
  const failed = await failure(write(t.client, requests))
  assert.ok(await isMissing(t.client, blob), 'it is there although it was refused')
  return failed
}

test('BW-09, CL-14: blobs of all sizes, in messages of all sizes', async (t) => {
  for (const [size, chunkSize] of [
    [1, 1],
    [1000, 1],
    [64 * 1024, 64 * 1024],
    [5 * MIB, 100_000],
    [5 * MIB + 3, 4_193_415],
  ] as const) {
    const blob = t.blob(size)
    assert.is(await upload(t.client, blob, chunkSize), size)
    assert.ok((await read(t.client, blob.digest)).equals(blob.bytes), `${size} bytes by ${chunkSize}`)
  }
})

test('BW-01: the first request must carry the name', async (t) => {
  const blob = t.blob('no name')
  isCode(await refusal(t, blob, [writeRequest({ data: blob.bytes, finish: true })]), 'INVALID_ARGUMENT')
})

test('BW-01: later requests may repeat it, and must not name another', async (t) => {
  const blob = t.blob('names')
  const name = uploadName(t.client, blob.digest)
  const [head, tail] = [blob.bytes.subarray(0, 3), blob.bytes.subarray(3)]
  const second = { offset: 3, data: tail, finish: true }
  for (const other of [t.blob('other').digest, blob.digest]) {
    const requests = [
      writeRequest({ name, data: head }),
      writeRequest({ name: uploadName(t.client, other), ...second }),
    ]
    isCode(await refusal(t, blob, requests), 'INVALID_ARGUMENT')
  }
  const fresh = uploadName(t.client, blob.digest)
  const repeated = [writeRequest({ name: fresh, data: head }), writeRequest({ name: fresh, ...second })]
  assert.is(await write(t.client, repeated), blob.bytes.length)
})

test('BW-02: a new upload begins at 0', async (t) => {
  const blob = t.blob('offsets')
  for (const offset of [1, -1, 2 ** 60]) {
    const request = writeRequest({ name: uploadName(t.client, blob.digest), offset, data: blob.bytes, finish: true })
    isCode(await refusal(t, blob, [request]), TOO_MUCH, String(offset))
  }
})

test('BW-02: later offsets are those of the bytes', async (t) => {
  const blob = t.blob('later offsets')
  for (const offset of [0, 3, 5, -4, 2 ** 40]) {
    const first = writeRequest({ name: uploadName(t.client, blob.digest), data: blob.bytes.subarray(0, 4) })
    const second = writeRequest({ offset, data: blob.bytes.subarray(4), finish: true })
    isCode(await refusal(t, blob, [first, second]), TOO_MUCH, String(offset))
  }
})

test('BW-04: without finish_write nothing is stored', async (t) => {
  const blob = t.blob('unfinished')
  const whole = writeRequest({ name: uploadName(t.client, blob.digest), data: blob.bytes })
  await write(t.client, [whole]).catch(() => {})
  assert.ok(await isMissing(t.client, blob))
})

test(
  'BW-04: and the client is told',
  async (t) => {
    const blob = t.blob('unfinished')
    const whole = writeRequest({ name: uploadName(t.client, blob.digest), data: blob.bytes })
    isCode(await refusal(t, blob, [whole]), 'INVALID_ARGUMENT')
    isCode(await refusal(t, blob, []), 'INVALID_ARGUMENT')
  },
  { level: 'D' },
)

test('BW-04: finish_write may come in a request of its own', async (t) => {
  const blob = t.blob('finish alone')
  const requests = [
    writeRequest({ name: uploadName(t.client, blob.digest), data: blob.bytes }),
    writeRequest({ offset: blob.bytes.length, finish: true }),
  ]
  assert.is(await write(t.client, requests), blob.bytes.length)
})

test(
  'BW-04: an answer does not wait for the client to close its side',
  async (t) => {
    const blob = t.blob('half open')
    const open = t.client.clientStream(paths.write)
    await open.send(writeRequest({ name: uploadName(t.client, blob.digest), data: blob.bytes, finish: true }))
    assert.is(await committed(open), blob.bytes.length)
  },
  { level: 'D' },
)

test('BW-04: finish_write ends the blob, whatever is sent after it', async (t) => {
  const blob = t.blob('two halves')
  const [head, tail] = [blob.bytes.subarray(0, 4), blob.bytes.subarray(4)]
  const early = [
    writeRequest({ name: uploadName(t.client, blob.digest), data: head, finish: true }),
    writeRequest({ offset: 4, data: tail, finish: true }),
  ]
  isCode(await refusal(t, blob, early), TOO_MUCH)
})

test('BW-05, BW-15: other bytes than the name says are refused, and nobody sees them', async (t) => {
  for (const size of [10, 2 * MIB]) {
    const blob = t.blob(size)
    const wrong = { digest: blob.digest, bytes: blob.bytes.map((byte) => byte ^ 1) }
    isCode(await refusal(t, blob, whole(t, wrong)), 'INVALID_ARGUMENT', 'other bytes')
    const short = { digest: blob.digest, bytes: blob.bytes.subarray(1) }
    isCode(await refusal(t, blob, whole(t, short)), 'INVALID_ARGUMENT', 'one byte short')
  }
})

test(
  'BW-06: more bytes than promised are refused as soon as they come',
  async (t) => {
    const blob = t.blob('short')
    const open = t.client.clientStream(paths.write)
    const data = Buffer.concat([blob.bytes, Buffer.from('!')])
    await open.send(writeRequest({ name: uploadName(t.client, blob.digest), data }))
    // The client is not done, and never will be.
    isCode(await failure(open.response), TOO_MUCH)
    assert.ok(await isMissing(t.client, blob))
  },
  { level: 'S' },
)

test('BW-06, BW-05: more bytes than promised are refused at the end at the latest', async (t) => {
  const blob = t.blob(300_000)
  const longer = { digest: blob.digest, bytes: Buffer.concat([blob.bytes, Buffer.alloc(200_000)]) }
  isCode(await refusal(t, blob, whole(t, longer)), TOO_MUCH)
})

test('BW-08: a blob that is there is acknowledged at the first message', async (t) => {
  const blob = t.blob(MIB)
  await upload(t.client, blob)
  const open = t.client.clientStream(paths.write)
  await open.send(writeRequest({ name: uploadName(t.client, blob.digest), data: blob.bytes.subarray(0, 100) }))
  assert.is(await committed(open), MIB)
})

test('BW-08: clients that send everything regardless get the same answer', async (t) => {
  const blob = t.blob(MIB)
  await upload(t.client, blob)
  assert.is(await upload(t.client, blob, 1000), MIB)
})

test('BW-08: an upload that somebody else overtakes is acknowledged, too', async (t) => {
  const blob = t.blob(MIB)
  const requests = [...whole(t, blob, 1024)]
  const slow = t.client.clientStream(paths.write)
  for (const request of requests.slice(0, 5)) await slow.send(request)
  assert.is(await upload(t.connect(), blob), MIB)
  for (const request of requests.slice(5)) await slow.send(request)
  slow.end()
  assert.is(await committed(slow), MIB)
  assert.ok((await read(t.client, blob.digest)).equals(blob.bytes))
})

test('BW-11: of many who write one blob at once all succeed', async (t) => {
  const blob = t.blob(3 * MIB)
  const writers = Array.from({ length: 8 }, (_, n) => upload(t.client, blob, 100_000 * (n + 1)))
  assert.equal(new Set(await Promise.all(writers)), new Set([3 * MIB]))
  assert.ok((await read(t.client, blob.digest)).equals(blob.bytes))
})

test('BW-12, CP-06: a blob beyond the largest is refused before its bytes', async (t) => {
  const largest = t.capabilities.getCacheCapabilities()?.getMaxCasBlobSizeBytes() ?? 0
  if (largest === 0) t.notApplicable('the server advertises no largest blob')
  const digest = Digest.of(SHA256, t.strangeHash(), largest + 1)
  const open = t.client.clientStream(paths.write)
  await open.send(writeRequest({ name: uploadName(t.client, digest) }))
  isCode(await failure(open.response), 'INVALID_ARGUMENT')
})

test('BW-14: the empty blob is taken', async (t) => {
  const empty = { digest: emptyDigest(SHA256), bytes: Buffer.alloc(0) }
  assert.is(await upload(t.client, empty), 0)
})

test('BW-15: an upload under way is invisible, until it is done', async (t) => {
  const blob = t.blob(MIB)
  const open = t.client.clientStream(paths.write)
  const requests = [...whole(t, blob, 300_000)]
  for (const request of requests.slice(0, -1)) await open.send(request)
  assert.ok(await isMissing(t.client, blob))
  isCode(await failure(read(t.client, blob.digest)), 'NOT_FOUND')
  const [entry] = await batchRead(t.client, batchReadRequest(t.client, [digestMessage(blob.digest)]))
  assert.is(entry?.code, reapi.RpcCode.NOT_FOUND)
  for (const request of requests.slice(-1)) await open.send(request)
  open.end()
  assert.is(await committed(open), MIB)
  assert.not(await isMissing(t.client, blob))
})

test('FM-06, BW-09: what Write has acknowledged is there for everybody', async (t) => {
  const action = buildAction({ argv: ['/bin/true'], salt: t.unique() })
  for (const blob of action.blobs) {
    await upload(t.client, blob)
    assert.not(await isMissing(t.connect(), blob))
  }
})

function whole(t: Tester, blob: TestBlob, chunkSize?: number): Generator<reapi.WriteRequest> {
  const name = uploadName(t.client, blob.digest)
  return writeRequests(blob, chunkSize === undefined ? { name } : { name, chunkSize })
}
