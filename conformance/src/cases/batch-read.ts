import { Digest, emptyDigest, reapi, SHA256 } from '@gorego/core'
import * as assert from 'uvu/assert'
import {
  batchRead,
  batchReadRequest,
  callFailure,
  digestMessage,
  isCode,
  paths,
  rawDigest,
  store,
  text,
  unzstd,
  upload,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const batchReadBlobs = new Cases()
const { test } = batchReadBlobs

const { OK, INVALID_ARGUMENT, NOT_FOUND } = reapi.RpcCode
const { ZSTD, IDENTITY, BROTLI } = reapi.Compressor.Value
const CLIENTS_RECEIVE = 4 * 1024 * 1024

function limitOf(t: Tester): number {
  // Where no limit is advertised, a message still is one.
  return t.capabilities.getCacheCapabilities()?.getMaxBatchTotalSizeBytes() || CLIENTS_RECEIVE - 512 * 1024
}

test('RD-01: found and missing side by side', async (t) => {
  const [a, b, absent] = [t.blob('a'), t.blob('b'), t.blob('absent')]
  await store(t.client, a, b)
  const digests = [b, absent, a].map(({ digest }) => digestMessage(digest))
  const entries = await batchRead(t.client, batchReadRequest(t.client, digests))
  const found = new Map(entries.map(({ hash, code, data }) => [hash, [code, text(data)]]))
  assert.equal(found.get(a.digest.hash), [OK, t.unique('a')])
  assert.equal(found.get(b.digest.hash), [OK, t.unique('b')])
  assert.equal(found.get(absent.digest.hash), [NOT_FOUND, ''])
  assert.is(entries.length, 3)
})

test(
  'RD-01: in the order asked for, twice what was asked for twice',
  async (t) => {
    const [a, b, absent] = [t.blob('a'), t.blob('b'), t.blob('absent')]
    await store(t.client, a, b)
    const asked = [b, absent, a, b]
    const digests = asked.map(({ digest }) => digestMessage(digest))
    const entries = await batchRead(t.client, batchReadRequest(t.client, digests))
    assert.equal(
      entries.map(({ hash }) => hash),
      asked.map(({ digest }) => digest.hash),
    )
  },
  { level: 'D' },
)

test('RD-01, GEN-01: a bad digest beside a good one is told, in its entry or for the call', async (t) => {
  const request = batchReadRequest(t.client, [digestMessage(emptyDigest(SHA256)), rawDigest('x', -9)])
  const outcome = await batchRead(t.client, request).then(
    (entries) => entries.map(({ code }) => code),
    (error: { code: number }) => error.code,
  )
  if (outcome !== INVALID_ARGUMENT) assert.equal(outcome, [OK, INVALID_ARGUMENT])
})

test('RD-02, CP-06: asking for more than the limit fails the call', async (t) => {
  const limit = t.capabilities.getCacheCapabilities()?.getMaxBatchTotalSizeBytes() ?? 0
  if (limit === 0) t.notApplicable('the server advertises no limit')
  const digests = [limit, 1].map((size, n) => digestMessage(Digest.of(SHA256, t.strangeHash(`${n}`), size)))
  isCode(await callFailure(t.client, paths.batchReadBlobs, batchReadRequest(t.client, digests)), 'INVALID_ARGUMENT')
})

test('RD-03: who accepts nothing but identity gets that', async (t) => {
  const blob = t.blob(`compressible ${'a'.repeat(10_000)}`)
  await store(t.client, blob)
  const request = batchReadRequest(t.client, [digestMessage(blob.digest)])
  for (const acceptable of [[], [IDENTITY]]) {
    const [entry] = await batchRead(t.client, request.setAcceptableCompressorsList(acceptable))
    assert.is(entry?.compressor, IDENTITY)
    assert.is(text(entry?.data ?? Buffer.alloc(0)), text(blob.bytes))
  }
})

test('RD-03, CP-04: whatever else is acceptable, the answer is that or identity', async (t) => {
  const blob = t.blob(`compressible ${'a'.repeat(10_000)}`)
  await store(t.client, blob)
  const request = batchReadRequest(t.client, [digestMessage(blob.digest)])
  for (const acceptable of [[ZSTD], [BROTLI], [ZSTD, BROTLI], [99 as reapi.CompressorValue]]) {
    const [entry] = await batchRead(t.client, request.setAcceptableCompressorsList(acceptable))
    assert.is(entry?.code, OK)
    const { compressor, data } = entry ?? { compressor: -1, data: Buffer.alloc(0) }
    assert.ok(compressor === IDENTITY || (compressor === ZSTD && acceptable.includes(ZSTD)), `compressor ${compressor}`)
    assert.is(text(compressor === ZSTD ? unzstd(data) : data), text(blob.bytes))
  }
})

test('RD-04: the empty blob is given, though nobody stored it', async (t) => {
  for (const acceptable of [[], [ZSTD]]) {
    const request = batchReadRequest(t.client, [digestMessage(emptyDigest(SHA256))])
    const [entry] = await batchRead(t.client, request.setAcceptableCompressorsList(acceptable))
    assert.is(entry?.code, OK)
    const { compressor, data } = entry ?? { compressor: -1, data: Buffer.alloc(1) }
    assert.is((compressor === ZSTD ? unzstd(data) : data).length, 0)
  }
})

test('RD-05, CL-05: a batch of the limit fits what clients receive', async (t) => {
  const limit = limitOf(t)
  const halves = [t.blob(Math.floor(limit / 2)), t.blob(limit - Math.floor(limit / 2))]
  for (const half of halves) await upload(t.client, half)
  const digests = halves.map(({ digest }) => digestMessage(digest))
  const bytes = await t.client.unary(paths.batchReadBlobs, batchReadRequest(t.client, digests))
  assert.ok(bytes.length <= CLIENTS_RECEIVE, `${bytes.length} bytes`)
  const entries = reapi.BatchReadBlobsResponse.deserializeBinary(bytes).getResponsesList()
  assert.ok(entries.every((entry) => (entry.getStatus()?.getCode() ?? OK) === OK))
})

test('RD-05, CL-04: so does a batch of 4,000 small ones', async (t) => {
  const there = Array.from({ length: 50 }, (_, n) => t.blob(`small ${n}`))
  await store(t.client, ...there)
  const digests = Array.from({ length: 4000 }, (_, n) => {
    const known = there[n % 80]?.digest
    return digestMessage(known ?? Digest.of(SHA256, t.strangeHash(`${n}`), 100))
  })
  const bytes = await t.client.unary(paths.batchReadBlobs, batchReadRequest(t.client, digests))
  assert.ok(bytes.length <= CLIENTS_RECEIVE, `${bytes.length} bytes`)
  const codes = reapi.BatchReadBlobsResponse.deserializeBinary(bytes)
    .getResponsesList()
    .map((entry) => entry.getStatus()?.getCode() ?? OK)
  assert.ok(codes.every((code) => code === OK || code === NOT_FOUND))
  assert.is(new Set(codes).size, 2)
})

test(
  'RD-05: 20,000 that are missing are answered; a request whose answer could not be sent is refused',
  async (t) => {
    const start = t.strangeHash().slice(8)
    const absent = (count: number) =>
      Array.from({ length: count }, (_, n) => rawDigest(n.toString(16).padStart(8, '0') + start))
    const bytes = await t.client.unary(paths.batchReadBlobs, batchReadRequest(t.client, absent(20_000)))
    assert.ok(bytes.length <= CLIENTS_RECEIVE, `${bytes.length} bytes`)
    const many = batchReadRequest(t.client, absent(50_000))
    isCode(await callFailure(t.client, paths.batchReadBlobs, many), 'INVALID_ARGUMENT')
  },
  { level: 'D' },
)

test('RD-01: of nothing nothing is read', async (t) => {
  assert.equal(await batchRead(t.client, batchReadRequest(t.client, [])), [])
})
