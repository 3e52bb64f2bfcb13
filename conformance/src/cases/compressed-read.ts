import { emptyDigest, reapi, SHA256 } from '@gorego/core'
import type { TestBlob } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import { callFailure, isCode, named, paths, readChunks, store, unzstd, upload } from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const compressedRead = new Cases((t) => t.needsZstd())
const { test } = compressedRead

const MIB = 1024 * 1024

function request(t: Tester, { digest }: Pick<TestBlob, 'digest'>, { offset = 0, limit = 0 } = {}): reapi.ReadRequest {
  return new reapi.ReadRequest()
    .setResourceName(named(t.client, `compressed-blobs/zstd/${digest}`))
    .setReadOffset(offset)
    .setReadLimit(limit)
}

async function readZstd(t: Tester, blob: Pick<TestBlob, 'digest'>, offset = 0): Promise<Buffer> {
  return unzstd(Buffer.concat(await readChunks(t.client, request(t, blob, { offset }))))
}

/** A blob that compresses well, and one that does not. */
function* kinds(t: Tester, size: number): Generator<TestBlob> {
  const line = t.unique('again and again\n')
  yield t.blob(line.repeat(Math.ceil(size / line.length)))
  yield t.blob(size)
}

test('RN-02, BR-08: a blob that was stored as it is can be read compressed', async (t) => {
  for (const size of [1, 1000, 3 * MIB + 17]) {
    for (const blob of kinds(t, size)) {
      await upload(t.client, blob)
      assert.ok((await readZstd(t, blob)).equals(blob.bytes), `${size} bytes`)
    }
  }
})

test('BR-02: the empty blob is a valid stream of nothing', async (t) => {
  const empty = { digest: emptyDigest(SHA256) }
  const bytes = Buffer.concat(await readChunks(t.client, request(t, empty)))
  assert.is(unzstd(bytes).length, 0)
  assert.ok(bytes.length > 0, 'no bytes at all are no frame')
})

test('BR-06: offsets count the bytes of the blob, not those that are sent', async (t) => {
  for (const blob of kinds(t, MIB)) {
    await upload(t.client, blob)
    const size = blob.bytes.length
    for (const offset of [1, 1000, 64 * 1024, 300_001, size - 1, size]) {
      assert.ok((await readZstd(t, blob, offset)).equals(blob.bytes.subarray(offset)), `from ${offset}`)
    }
  }
})

test('BR-03, BR-06: offsets below 0 and beyond the end are out of range', async (t) => {
  const blob = t.blob('short')
  await store(t.client, blob)
  for (const offset of [-1, blob.bytes.length + 1, 2 ** 60]) {
    isCode(await callFailure(t.client, paths.read, request(t, blob, { offset })), 'OUT_OF_RANGE', String(offset))
  }
})

test('BR-07: a limit is refused', async (t) => {
  const blob = t.blob('limited')
  await store(t.client, blob)
  for (const limit of [1, 1000, -1]) {
    isCode(await callFailure(t.client, paths.read, request(t, blob, { limit })), 'INVALID_ARGUMENT', String(limit))
  }
})

test('BR-01, RN-02: an absent blob is not found, compressed or not', async (t) => {
  isCode(await callFailure(t.client, paths.read, request(t, t.blob('absent'))), 'NOT_FOUND')
})

test('BR-09: compressed messages are well below 4 MiB, too', async (t) => {
  const blob = t.blob(9 * MIB)
  await upload(t.client, blob)
  const chunks = await readChunks(t.client, request(t, blob))
  assert.ok(Math.max(...chunks.map(({ length }) => length)) <= 3 * MIB)
  assert.ok(unzstd(Buffer.concat(chunks)).equals(blob.bytes))
})
