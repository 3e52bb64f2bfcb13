import { emptyDigest, reapi, SHA256 } from '@gorego/core'
import * as assert from 'uvu/assert'
import {
  batchRead,
  batchReadRequest,
  batchUpdate,
  callFailure,
  digestMessage,
  isCode,
  isMissing,
  paths,
  rawDigest,
  store,
  text,
  updateRequest,
  zstdFrames,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const batchUpdateBlobs = new Cases()
const { test } = batchUpdateBlobs

const { OK, INVALID_ARGUMENT, NOT_FOUND } = reapi.RpcCode
const { ZSTD, DEFLATE, BROTLI } = reapi.Compressor.Value

async function contents(t: Tester, ...blobs: { digest: ReturnType<typeof emptyDigest> }[]): Promise<string[]> {
  const digests = blobs.map(({ digest }) => digestMessage(digest))
  return (await batchRead(t.client, batchReadRequest(t.client, digests))).map(({ data }) => text(data))
}

test('BU-01, BU-03: each entry has its own fate', async (t) => {
  const [good, bad, other] = [t.blob('good'), t.blob('bad'), t.blob('other')]
  const request = updateRequest(t.client, [good, { digest: bad.digest, bytes: Buffer.from('wrong') }, other])
  assert.equal(await batchUpdate(t.client, request), [OK, INVALID_ARGUMENT, OK])
  assert.equal(await contents(t, good, other), [t.unique('good'), t.unique('other')])
  assert.ok(await isMissing(t.client, bad))
})

test('BU-01: every entry is answered, and named', async (t) => {
  const blobs = Array.from({ length: 100 }, (_, n) => t.blob(`${n}`))
  const bytes = await t.client.unary(paths.batchUpdateBlobs, updateRequest(t.client, blobs))
  const entries = reapi.BatchUpdateBlobsResponse.deserializeBinary(bytes).getResponsesList()
  const names = entries.map((entry) => `${entry.getDigest()?.getHash()}/${entry.getDigest()?.getSizeBytes()}`)
  assert.equal(names.sort(), blobs.map(({ digest }) => String(digest)).sort())
  assert.ok(entries.every((entry) => (entry.getStatus()?.getCode() ?? OK) === OK))
})

test(
  'BU-01, GEN-01: bad digests are answered entry by entry, too',
  async (t) => {
    const blob = t.blob('named')
    const request = updateRequest(t.client, [blob])
    request.addRequests(new reapi.BatchUpdateBlobsRequest.Request())
    request.addRequests(new reapi.BatchUpdateBlobsRequest.Request().setDigest(rawDigest('nonsense', -5)))
    const bytes = await t.client.unary(paths.batchUpdateBlobs, request)
    const entries = reapi.BatchUpdateBlobsResponse.deserializeBinary(bytes).getResponsesList()
    assert.equal(
      entries.map((entry) => [entry.getStatus()?.getCode() ?? OK, entry.getDigest()?.getHash()]),
      [
        [OK, blob.digest.hash],
        [INVALID_ARGUMENT, undefined],
        [INVALID_ARGUMENT, 'nonsense'],
      ],
    )
  },
  { level: 'D' },
)

test('BU-02, CP-06, CL-04: a batch of the limit is taken, one byte more is not', async (t) => {
  const limit = t.capabilities.getCacheCapabilities()?.getMaxBatchTotalSizeBytes() ?? 0
  if (limit === 0) t.notApplicable('the server advertises no limit')
  const [half, rest] = [t.blob(Math.floor(limit / 2)), t.blob(limit - Math.floor(limit / 2))]
  assert.equal(await batchUpdate(t.client, updateRequest(t.client, [half, rest])), [OK, OK])
  const more = t.blob(1000)
  const request = updateRequest(t.client, [half, rest, more])
  isCode(await callFailure(t.client, paths.batchUpdateBlobs, request), 'INVALID_ARGUMENT')
  assert.ok(await isMissing(t.client, more))
})

test('BU-03: wrong content does no harm to a blob that is there', async (t) => {
  const blob = t.blob('precious')
  await store(t.client, blob)
  const wrong = { digest: blob.digest, bytes: Buffer.from(blob.bytes).fill('x') }
  await batchUpdate(t.client, updateRequest(t.client, [wrong]))
  assert.equal(await contents(t, blob), [t.unique('precious')])
})

test(
  'BU-03: and is refused all the same',
  async (t) => {
    const blob = t.blob('precious')
    await store(t.client, blob)
    const wrong = { digest: blob.digest, bytes: Buffer.from(blob.bytes).fill('x') }
    assert.equal(await batchUpdate(t.client, updateRequest(t.client, [wrong])), [INVALID_ARGUMENT])
  },
  { level: 'D' },
)

test('BU-05: an entry in a compression that is not advertised is refused', async (t) => {
  const offered = t.capabilities.getCacheCapabilities()?.getSupportedBatchUpdateCompressorsList() ?? []
  const foreign = [ZSTD, DEFLATE, BROTLI, 99 as reapi.CompressorValue].filter((each) => !offered.includes(each))
  for (const compressor of foreign) {
    const request = updateRequest(t.client, [t.blob('plain'), t.blob(`compressed ${compressor}`)])
    request.getRequestsList()[1]?.setCompressor(compressor)
    assert.equal(await batchUpdate(t.client, request), [OK, INVALID_ARGUMENT], `compressor ${compressor}`)
    assert.ok(await isMissing(t.client, t.blob(`compressed ${compressor}`)))
  }
})

function needsBatchZstd(t: Tester): void {
  const offered = t.capabilities.getCacheCapabilities()?.getSupportedBatchUpdateCompressorsList() ?? []
  if (!offered.includes(ZSTD)) t.notApplicable('the server advertises no zstd for BatchUpdateBlobs')
}

function compressedRequest(t: Tester, ...entries: { digest: ReturnType<typeof emptyDigest>; bytes: Uint8Array }[]) {
  const request = updateRequest(t.client, entries)
  for (const entry of request.getRequestsList()) entry.setCompressor(ZSTD)
  return request
}

test('BU-05, CL-20: an entry may be compressed, in any number of frames; its digest is of what it holds', async (t) => {
  needsBatchZstd(t)
  for (const frames of [1, 3]) {
    const blob = t.blob(`compressed in ${frames} frames, ${'a'.repeat(5000)}`)
    const compressed = zstdFrames(blob.bytes, { frames })
    assert.equal(await batchUpdate(t.client, compressedRequest(t, { digest: blob.digest, bytes: compressed })), [OK])
    assert.equal(await contents(t, blob), [text(blob.bytes)])
  }
})

test('BU-05, BU-03: compressed entries that do not hold what the digest says, or are not zstd at all', async (t) => {
  needsBatchZstd(t)
  const blob = t.blob('compressed')
  const other = t.blob('something else')
  const whole = zstdFrames(blob.bytes)
  for (const bytes of [zstdFrames(other.bytes), whole.subarray(0, -3), Buffer.from('nonsense'), blob.bytes]) {
    const request = compressedRequest(t, { digest: blob.digest, bytes })
    assert.equal(await batchUpdate(t.client, request), [INVALID_ARGUMENT])
    assert.ok(await isMissing(t.client, blob))
  }
})

test('BU-07, BW-06: a small entry that unfolds into much more than its digest says is refused', async (t) => {
  needsBatchZstd(t)
  const digest = t.blob('small').digest
  const bomb = zstdFrames(Buffer.alloc(64 * 1024 * 1024))
  assert.ok(bomb.length < 10_000)
  assert.equal(await batchUpdate(t.client, compressedRequest(t, { digest, bytes: bomb })), [INVALID_ARGUMENT])
  assert.ok(await isMissing(t.client, { digest }))
})

test('BU-07, BU-02: the limit is of the bytes as they are sent', async (t) => {
  const limit = t.capabilities.getCacheCapabilities()?.getMaxBatchTotalSizeBytes() ?? 0
  if (limit === 0) t.notApplicable('the server advertises no limit')
  const one = t.blob(limit + 1)
  isCode(await callFailure(t.client, paths.batchUpdateBlobs, updateRequest(t.client, [one])), 'INVALID_ARGUMENT')
})

test('BU-06: one blob twice in a batch is fine', async (t) => {
  const blob = t.blob('twice')
  assert.equal(await batchUpdate(t.client, updateRequest(t.client, [blob, blob])), [OK, OK])
  assert.equal(await contents(t, blob), [t.unique('twice')])
})

test('BU-06, BW-11: so is one blob in many batches at once', async (t) => {
  const blobs = Array.from({ length: 20 }, (_, n) => t.blob(`shared ${n}`))
  await Promise.all(Array.from({ length: 10 }, () => store(t.client, ...blobs)))
  assert.equal(
    await contents(t, ...blobs),
    blobs.map(({ bytes }) => text(bytes)),
  )
})

test('BW-14, BU-01: the empty blob is taken', async (t) => {
  const empty = { digest: emptyDigest(SHA256), bytes: Buffer.alloc(0) }
  assert.equal(await batchUpdate(t.client, updateRequest(t.client, [empty])), [OK])
})

test('BU-01: of nothing nothing is stored', async (t) => {
  assert.equal(await batchUpdate(t.client, updateRequest(t.client, [])), [])
  const [entry] = await batchRead(t.client, batchReadRequest(t.client, [digestMessage(t.blob('absent').digest)]))
  assert.is(entry?.code, NOT_FOUND)
})
