import { emptyDigest, reapi, SHA256 } from '@gorego/core'
import { blobOf, type TestBlob } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import {
  batchRead,
  batchReadRequest,
  callFailure,
  digestMessage,
  failure,
  isCode,
  isMissing,
  paths,
  rawDigest,
  read,
  store,
  upload,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const chunks = new Cases()
const { test } = chunks

const MIB = 1024 * 1024
const { UNKNOWN, FAST_CDC_2020 } = reapi.ChunkingFunction.Value

const cache = (t: Tester) => t.capabilities.getCacheCapabilities() ?? new reapi.CacheCapabilities()

function needsSplit(t: Tester): void {
  if (!cache(t).getSplitBlobSupport()) t.notApplicable('the server advertises no SplitBlob')
}

function needsSplice(t: Tester): void {
  if (!cache(t).getSpliceBlobSupport()) t.notApplicable('the server advertises no SpliceBlob')
}

function splitRequest(t: Tester, { digest }: Pick<TestBlob, 'digest'>): reapi.SplitBlobRequest {
  return new reapi.SplitBlobRequest().setInstanceName(t.client.instance).setBlobDigest(digestMessage(digest))
}

async function split(t: Tester, request: reapi.SplitBlobRequest): Promise<reapi.SplitBlobResponse> {
  return reapi.SplitBlobResponse.deserializeBinary(await t.client.unary(paths.splitBlob, request))
}

function spliceRequest(t: Tester, { digest }: Pick<TestBlob, 'digest'>, parts: readonly Pick<TestBlob, 'digest'>[]) {
  return new reapi.SpliceBlobRequest()
    .setInstanceName(t.client.instance)
    .setBlobDigest(digestMessage(digest))
    .setChunkDigestsList(parts.map((part) => digestMessage(part.digest)))
}

async function splice(t: Tester, request: reapi.SpliceBlobRequest): Promise<reapi.SpliceBlobResponse> {
  return reapi.SpliceBlobResponse.deserializeBinary(await t.client.unary(paths.spliceBlob, request))
}

/** Reads the chunks and puts them together. */
async function together(t: Tester, digests: readonly reapi.Digest[]): Promise<Buffer> {
  const parts: Buffer[] = []
  for (const digest of digests) {
    const [entry] = await batchRead(t.client, batchReadRequest(t.client, [digest]))
    assert.is(entry?.code, reapi.RpcCode.OK, `a chunk of ${digest.getSizeBytes()} bytes cannot be read`)
    parts.push(entry?.data ?? Buffer.alloc(0))
  }
  return Buffer.concat(parts)
}

/** A blob and three parts that make it up. */
function inParts(t: Tester): { whole: TestBlob; parts: TestBlob[] } {
  const parts = [t.blob(50_000), t.blob('in the middle'), t.blob(70_001)]
  return { whole: blobOf(Buffer.concat(parts.map(({ bytes }) => bytes))), parts }
}

test('CH-01: what is not advertised is UNIMPLEMENTED', async (t) => {
  const blob = t.blob('chunks')
  await store(t.client, blob)
  if (!cache(t).getSplitBlobSupport()) {
    isCode(await callFailure(t.client, paths.splitBlob, splitRequest(t, blob)), 'UNIMPLEMENTED')
  }
  if (!cache(t).getSpliceBlobSupport()) {
    isCode(await callFailure(t.client, paths.spliceBlob, spliceRequest(t, blob, [blob])), 'UNIMPLEMENTED')
  }
})

test('CH-01, CH-02: what is advertised works; the chunks are there, and together they are the blob', async (t) => {
  needsSplit(t)
  const blob = t.blob(9 * MIB + 5)
  await upload(t.client, blob)
  const answer = await split(t, splitRequest(t, blob))
  const list = answer.getChunkDigestsList()
  assert.ok(list.length > 1, `${list.length} chunks of 9 MiB`)
  assert.ok((await together(t, list)).equals(blob.bytes), 'together they are something else')
})

test('CH-02: a second time the chunks are the same', async (t) => {
  needsSplit(t)
  const blob = t.blob(5 * MIB)
  await upload(t.client, blob)
  const [first, second] = [await split(t, splitRequest(t, blob)), await split(t, splitRequest(t, blob))]
  assert.ok(Buffer.from(first.serializeBinary()).equals(second.serializeBinary()))
})

test(
  'CH-02: bytes in front of a blob change its first chunks only',
  async (t) => {
    needsSplit(t)
    const blob = t.blob(9 * MIB)
    const shifted = blobOf(Buffer.concat([t.blob('in front').bytes, blob.bytes]))
    const known = new Set<string>()
    const hashes: string[][] = []
    for (const each of [blob, shifted]) {
      await upload(t.client, each)
      const list = (await split(t, splitRequest(t, each))).getChunkDigestsList()
      hashes.push(list.map((digest) => digest.getHash()))
    }
    for (const hash of hashes[0] ?? []) known.add(hash)
    assert.ok((hashes[1] ?? []).filter((hash) => known.has(hash)).length > 0, 'no chunk in common')
  },
  { level: 'S' },
)

test('CH-02: small blobs can be split, too', async (t) => {
  needsSplit(t)
  const blob = t.blob('small')
  await store(t.client, blob)
  const list = (await split(t, splitRequest(t, blob))).getChunkDigestsList()
  assert.ok((await together(t, list)).equals(blob.bytes))
})

test('CH-02: a blob that is absent is NOT_FOUND', async (t) => {
  needsSplit(t)
  isCode(await failure(split(t, splitRequest(t, t.blob('absent')))), 'NOT_FOUND')
})

test('CH-02, GEN-01: bad digests are refused', async (t) => {
  needsSplit(t)
  for (const digest of [undefined, rawDigest('zz'), rawDigest(t.strangeHash(), -1)]) {
    const request = new reapi.SplitBlobRequest().setInstanceName(t.client.instance).setBlobDigest(digest)
    isCode(await failure(split(t, request)), 'INVALID_ARGUMENT')
  }
})

test('CH-03: chunks that are there become the blob that they make up', async (t) => {
  needsSplice(t)
  const { whole, parts } = inParts(t)
  await store(t.client, ...parts)
  const answer = await splice(t, spliceRequest(t, whole, parts))
  assert.is(answer.getBlobDigest()?.getHash(), whole.digest.hash)
  assert.is(answer.getBlobDigest()?.getSizeBytes(), whole.digest.sizeBytes)
  assert.not(await isMissing(t.client, whole))
  assert.ok((await read(t.client, whole.digest)).equals(whole.bytes))
})

test('CH-03: chunks that make up something else are refused, and nothing is stored', async (t) => {
  needsSplice(t)
  const { whole, parts } = inParts(t)
  await store(t.client, ...parts)
  const [first, second, third] = parts as [TestBlob, TestBlob, TestBlob]
  for (const wrong of [[second, first, third], [first, third], [...parts, second], [first], []]) {
    isCode(await failure(splice(t, spliceRequest(t, whole, wrong))), 'INVALID_ARGUMENT', `${wrong.length} chunks`)
    assert.ok(await isMissing(t.client, whole))
  }
})

test('CH-03: a chunk that is absent is NOT_FOUND', async (t) => {
  needsSplice(t)
  const { whole, parts } = inParts(t)
  await store(t.client, ...parts.slice(1))
  isCode(await failure(splice(t, spliceRequest(t, whole, parts))), 'NOT_FOUND')
  assert.ok(await isMissing(t.client, whole))
})

test('CH-03: a blob that is there already is fine, or said to be there', async (t) => {
  needsSplice(t)
  const { whole, parts } = inParts(t)
  await store(t.client, whole, ...parts)
  const answer = splice(t, spliceRequest(t, whole, parts))
  await answer.catch(async () => isCode(await failure(answer), 'ALREADY_EXISTS'))
  assert.ok((await read(t.client, whole.digest)).equals(whole.bytes))
})

test('CH-03: a chunk may come several times, and the empty one, too', async (t) => {
  needsSplice(t)
  const part = t.blob('again ')
  const empty = { digest: emptyDigest(SHA256), bytes: Buffer.alloc(0) }
  const whole = blobOf(Buffer.concat([part.bytes, part.bytes, part.bytes]))
  await store(t.client, part)
  await splice(t, spliceRequest(t, whole, [part, empty, part, part]))
  assert.ok((await read(t.client, whole.digest)).equals(whole.bytes))
})

test('CH-03, GEN-01: bad digests of chunks are refused', async (t) => {
  needsSplice(t)
  const { whole, parts } = inParts(t)
  const request = spliceRequest(t, whole, parts)
  request.addChunkDigests(rawDigest('zz'))
  isCode(await failure(splice(t, request)), 'INVALID_ARGUMENT')
})

test('CH-03, CH-02: what was split can be spliced again', async (t) => {
  needsSplit(t)
  needsSplice(t)
  const blob = t.blob(6 * MIB)
  await upload(t.client, blob)
  const list = (await split(t, splitRequest(t, blob))).getChunkDigestsList()
  const request = spliceRequest(t, blob, []).setChunkDigestsList(list)
  await splice(t, request).catch(async (error) => isCode(await failure(Promise.reject(error)), 'ALREADY_EXISTS'))
})

test('CH-04: the chunking function UNKNOWN is always taken', async (t) => {
  needsSplit(t)
  const blob = t.blob('unknown function')
  await store(t.client, blob)
  const answer = await split(t, splitRequest(t, blob).setChunkingFunction(UNKNOWN))
  assert.ok((await together(t, answer.getChunkDigestsList())).equals(blob.bytes))
  if (!cache(t).getSpliceBlobSupport()) return
  const whole = blobOf(Buffer.concat([blob.bytes, blob.bytes]))
  await splice(t, spliceRequest(t, whole, [blob, blob]).setChunkingFunction(UNKNOWN))
})

test('CH-05: FastCDC parameters are in range, and the chunks keep to them', async (t: Tester) => {
  needsSplit(t)
  const params = cache(t).getFastCdc2020Params()
  if (params === undefined) t.notApplicable('the server advertises no FastCDC')
  const average = params.getAvgChunkSizeBytes()
  assert.ok(average >= 1024 && average <= MIB, `an average of ${average} bytes`)
  assert.is(average & (average - 1), 0, `${average} is no power of two`)
  const blob = t.blob(Math.max(20 * average, MIB))
  await upload(t.client, blob)
  const answer = await split(t, splitRequest(t, blob).setChunkingFunction(FAST_CDC_2020))
  assert.is(answer.getChunkingFunction(), FAST_CDC_2020)
  const sizes = answer.getChunkDigestsList().map((digest) => digest.getSizeBytes())
  assert.ok(Math.max(...sizes) <= average * 4, `a chunk of ${Math.max(...sizes)} bytes`)
  const smallest = Math.min(...sizes.slice(0, -1))
  assert.ok(smallest >= average / 4, `a chunk of ${smallest} bytes that is not the last`)
  assert.ok((await together(t, answer.getChunkDigestsList())).equals(blob.bytes))
})

test('CH-06: blob and chunks are of one digest function', async (t) => {
  needsSplice(t)
  const { whole, parts } = inParts(t)
  await store(t.client, ...parts)
  const request = spliceRequest(t, whole, parts)
  request.addChunkDigests(rawDigest('da39a3ee5e6b4b0d3255bfef95601890afd80709', 0))
  isCode(await failure(splice(t, request)), 'INVALID_ARGUMENT')
})
