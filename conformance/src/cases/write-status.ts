import type { TestBlob } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import {
  failure,
  isCode,
  isMissing,
  paths,
  queryWriteStatus,
  read,
  upload,
  uploadName,
  write,
  writeRequest,
  writeRequests,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const writeStatus = new Cases()
const { test } = writeStatus

const SIZE = 1024 * 1024
const PIECE = 64 * 1024

/** Everything of a blob from `offset` on. */
function* rest(blob: TestBlob, name: string, offset: number) {
  for (const request of writeRequests({ bytes: blob.bytes.subarray(offset) }, { name, chunkSize: PIECE })) {
    yield request.setWriteOffset(request.getWriteOffset() + offset)
  }
}

/** Sends the first half of a blob, closes the client's side and waits for the answer: the server has seen it all. */
async function sendHalf(t: Tester, blob: TestBlob, name: string): Promise<void> {
  const half = { bytes: blob.bytes.subarray(0, SIZE / 2) }
  const requests = [...writeRequests(half, { name, chunkSize: PIECE })]
  await write(
    t.client,
    requests.map((request) => request.setFinishWrite(false)),
  ).catch(() => {})
  assert.ok(await isMissing(t.client, blob), 'BW-04: half a blob is there')
}

/** What the server has of the half that was sent, if it keeps such things. */
async function kept(t: Tester, name: string): Promise<number> {
  const status = await queryWriteStatus(t.client, name).catch(() => ({ committedSize: 0, complete: false }))
  if (status.committedSize === 0) t.notApplicable('the server keeps nothing of uploads that broke off')
  return status.committedSize
}

test('QS-01, CL-06: of an unknown upload there is nothing, one way or the other', async (t) => {
  const name = uploadName(t.client, t.blob('unknown').digest)
  const status = await queryWriteStatus(t.client, name).catch(async (error) => {
    isCode(await failure(Promise.reject(error)), 'NOT_FOUND')
    return { committedSize: 0, complete: false }
  })
  assert.equal(status, { committedSize: 0, complete: false })
})

test(
  'QS-01: namely 0 bytes, incomplete',
  async (t) => {
    const name = uploadName(t.client, t.blob('unknown').digest)
    assert.equal(await queryWriteStatus(t.client, name), { committedSize: 0, complete: false })
  },
  { level: 'D' },
)

test('QS-01, RN-03: names that are none are refused', async (t) => {
  for (const name of ['', 'nonsense', `blobs/${t.blob('').digest}`]) {
    isCode(await failure(queryWriteStatus(t.client, name)), 'INVALID_ARGUMENT', name)
  }
})

test('QS-02: a blob that is there is complete, under the name of its upload', async (t) => {
  const blob = t.blob(SIZE)
  const name = uploadName(t.client, blob.digest)
  await write(t.client, writeRequests(blob, { name }))
  assert.equal(await queryWriteStatus(t.client, name), { committedSize: SIZE, complete: true })
})

test(
  'QS-02: and under any other, so that nobody uploads it again',
  async (t) => {
    const blob = t.blob('there')
    await upload(t.client, blob)
    const status = await queryWriteStatus(t.client, uploadName(t.client, blob.digest))
    assert.equal(status, { committedSize: blob.bytes.length, complete: true })
  },
  { level: 'D' },
)

test('QS-02, QS-03: an upload under way is not complete, and never goes back', async (t) => {
  const blob = t.blob(SIZE)
  const name = uploadName(t.client, blob.digest)
  const open = t.client.clientStream(paths.write)
  t.finally(() => open.cancel())
  let known = 0
  for (const request of [...writeRequests(blob, { name, chunkSize: PIECE })].slice(0, -1)) {
    await open.send(request)
    const status = await queryWriteStatus(t.client, name).catch(() => ({ committedSize: known, complete: false }))
    assert.not(status.complete, 'complete without finish_write')
    assert.ok(status.committedSize >= known, `${status.committedSize} after ${known}`)
    assert.ok(status.committedSize <= request.getWriteOffset() + PIECE, 'more than was sent')
    known = status.committedSize
  }
})

test('QS-04, BW-02, CL-06: an upload that broke off goes on where the server says', async (t) => {
  const blob = t.blob(SIZE)
  const name = uploadName(t.client, blob.digest)
  await sendHalf(t, blob, name)
  const status = await queryWriteStatus(t.client, name).catch(() => ({ committedSize: 0, complete: false }))
  assert.not(status.complete)
  assert.ok(status.committedSize <= SIZE / 2, `${status.committedSize} bytes of ${SIZE / 2} that were sent`)
  assert.is(await write(t.client, rest(blob, name, status.committedSize)), SIZE)
  assert.ok((await read(t.client, blob.digest)).equals(blob.bytes))
})

test('QS-04: what was kept of it is of use', async (t) => {
  const blob = t.blob(SIZE)
  const name = uploadName(t.client, blob.digest)
  await sendHalf(t, blob, name)
  const at = await kept(t, name)
  // Only what is left; were the server to count without keeping, the hash would be wrong.
  assert.is(await write(t.client, rest(blob, name, at)), SIZE)
  assert.ok((await read(t.client, blob.digest)).equals(blob.bytes))
  assert.equal(await queryWriteStatus(t.client, name), { committedSize: SIZE, complete: true })
})

test('QS-03, QS-04: it may break off again and again', async (t) => {
  const blob = t.blob(SIZE)
  const name = uploadName(t.client, blob.digest)
  await sendHalf(t, blob, name)
  let at = await kept(t, name)
  for (let n = 0; n < 4; n++) {
    const piece = blob.bytes.subarray(at, at + PIECE)
    await write(t.client, [writeRequest({ name, offset: at, data: piece })]).catch(() => {})
    const { committedSize } = await queryWriteStatus(t.client, name)
    assert.ok(committedSize >= at && committedSize <= at + PIECE, `${committedSize} after ${at} and ${PIECE} more`)
    at = committedSize
  }
  assert.is(await write(t.client, rest(blob, name, at)), SIZE)
  assert.ok((await read(t.client, blob.digest)).equals(blob.bytes))
})

test('QS-04: also when the connection was lost', async (t) => {
  const blob = t.blob(SIZE)
  const name = uploadName(t.client, blob.digest)
  const first = t.connect()
  const open = first.clientStream(paths.write)
  for (const request of [...writeRequests(blob, { name, chunkSize: PIECE })].slice(0, 8)) await open.send(request)
  open.cancel()
  first[Symbol.dispose]()
  // The server may still be busy with what came before it heard of the end: ask again, as clients do.
  let size: number | Error = -1
  for (let attempt = 0; attempt < 20 && size !== SIZE; attempt++) {
    const status = await queryWriteStatus(t.client, name).catch(() => ({ committedSize: 0 }))
    size = await write(t.client, rest(blob, name, status.committedSize)).catch((error: Error) => error)
  }
  assert.is(size, SIZE)
  assert.ok((await read(t.client, blob.digest)).equals(blob.bytes))
})

test('BW-02: other offsets than that are refused', async (t) => {
  const blob = t.blob(SIZE)
  const name = uploadName(t.client, blob.digest)
  await sendHalf(t, blob, name)
  const at = await kept(t, name)
  for (const offset of [at + 1, at - 1, SIZE, SIZE + 1]) {
    const request = writeRequest({ name, offset, data: Buffer.from('x'), finish: true })
    isCode(await failure(write(t.client, [request])), ['INVALID_ARGUMENT', 'OUT_OF_RANGE'], String(offset))
  }
  assert.ok(await isMissing(t.client, blob))
})

test(
  'BW-02: a client that never asked starts over at 0',
  async (t) => {
    const blob = t.blob(SIZE)
    const name = uploadName(t.client, blob.digest)
    await sendHalf(t, blob, name)
    assert.is(await write(t.client, rest(blob, name, 0)), SIZE)
    assert.ok((await read(t.client, blob.digest)).equals(blob.bytes))
  },
  { level: 'C' },
)

test('QS-04, BW-05: a second half that does not fit the first is refused, and nothing of it stays', async (t) => {
  const blob = t.blob(SIZE)
  const name = uploadName(t.client, blob.digest)
  await sendHalf(t, blob, name)
  const at = await kept(t, name)
  const other = { digest: blob.digest, bytes: blob.bytes.map((byte) => byte ^ 1) }
  isCode(await failure(write(t.client, rest(other, name, at))), 'INVALID_ARGUMENT')
  assert.ok(await isMissing(t.client, blob))
  assert.is(await write(t.client, rest(blob, uploadName(t.client, blob.digest), 0)), SIZE)
})
