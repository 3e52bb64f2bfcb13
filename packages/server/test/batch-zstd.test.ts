import { batchUpdate, digestMessage, isMissing, paths, read, store } from '@gorego/conformance/client'
import { Digest, emptyDigest, reapi, SHA256 } from '@gorego/core'
import { blobOf, blobOfSize, type TestBlob } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'
import { compressed, decompressed, ZSTD } from './zstd-blobs.js'

const { OK, INVALID_ARGUMENT, NOT_FOUND } = reapi.RpcCode
const { IDENTITY, DEFLATE } = reapi.Compressor.Value

const words = blobOf('again and again '.repeat(5000))
const noise = blobOfSize(50_000, 'batch noise')
const tiny = blobOf('tiny')

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ execution: { enabled: false } })
})
test.after(async () => {
  assert.equal(rig.temporaryFiles(), [], 'GEN-07')
  await rig.stop()
})

function entry(digest: Digest, data: Uint8Array, compressor: reapi.CompressorValue = ZSTD) {
  return new reapi.BatchUpdateBlobsRequest.Request()
    .setDigest(digestMessage(digest))
    .setData(Uint8Array.from(data))
    .setCompressor(compressor)
}

function update(...entries: reapi.BatchUpdateBlobsRequest.Request[]): Promise<number[]> {
  return batchUpdate(rig.client, new reapi.BatchUpdateBlobsRequest().setRequestsList(entries))
}

async function batchRead(blobs: TestBlob[], acceptable: reapi.CompressorValue[]) {
  const request = new reapi.BatchReadBlobsRequest()
    .setDigestsList(blobs.map(({ digest }) => digestMessage(digest)))
    .setAcceptableCompressorsList(acceptable)
  const response = await rig.client.unary(paths.batchReadBlobs, request)
  return reapi.BatchReadBlobsResponse.deserializeBinary(response).getResponsesList()
}

test('CP-06, BU-05: what is advertised is what works', async () => {
  const response = await rig.client.unary(paths.getCapabilities, new reapi.GetCapabilitiesRequest())
  const cache = reapi.ServerCapabilities.deserializeBinary(response).getCacheCapabilities()
  assert.equal(cache?.getSupportedCompressorsList(), [ZSTD])
  assert.equal(cache?.getSupportedBatchUpdateCompressorsList(), [ZSTD])
})

test('BU-05: compressed and other entries in one batch; digests are those of the content', async () => {
  const blobs = [words, noise, tiny]
  const entries = await Promise.all(
    blobs.map(async ({ digest, bytes }) => entry(digest, await compressed(bytes, 9000))),
  )
  const plain = blobOf('as it is')
  const empty = emptyDigest(SHA256)
  entries.push(entry(plain.digest, plain.bytes, IDENTITY), entry(empty, await compressed(Buffer.alloc(0))))
  assert.equal(await update(...entries), [OK, OK, OK, OK, OK])
  for (const blob of [...blobs, plain]) assert.ok((await read(rig.client, blob.digest)).equals(blob.bytes))
})

test('BU-01, BU-03, BU-05: each entry has its own fate, whatever is wrong with it', async () => {
  const [good, other] = [blobOf('good '.repeat(100)), blobOf('other '.repeat(100))]
  const packed = await compressed(other.bytes)
  const resized = Digest.of(SHA256, other.digest.hash, 10)
  const codes = await update(
    entry(other.digest, packed.subarray(0, -1)),
    entry(other.digest, Buffer.from('garbage')),
    entry(other.digest, await compressed(good.bytes)),
    entry(other.digest, other.bytes),
    entry(other.digest, packed, DEFLATE),
    entry(other.digest, packed, 99 as reapi.CompressorValue),
    entry(resized, packed),
    entry(good.digest, await compressed(good.bytes)),
  )
  assert.equal(codes, [...Array.from({ length: 7 }, () => INVALID_ARGUMENT), OK])
  assert.ok(await isMissing(rig.client, other))
  assert.ok((await read(rig.client, good.digest)).equals(good.bytes))
})

test('BW-06, BU-07: a bomb is stopped, and entries that promise too much are refused', async () => {
  const bomb = Buffer.concat([Buffer.from('28b52ffd0078', 'hex'), Buffer.alloc(400_000, Buffer.from([2, 0, 16, 0x78]))])
  const huge = Digest.of(SHA256, 'ab'.repeat(32), 100_000_000)
  assert.equal(await update(entry(words.digest, bomb), entry(huge, bomb)), [INVALID_ARGUMENT, INVALID_ARGUMENT])
})

test('RD-03: compressed where the client accepts it and it makes sense', async () => {
  await store(rig.client, words, noise, tiny)
  const entries = await batchRead([words, noise, tiny, blobOf('absent')], [IDENTITY, ZSTD])
  assert.equal(
    entries.map((one) => [one.getStatus()?.getCode() ?? OK, one.getCompressor()]),
    [
      [OK, ZSTD],
      [OK, IDENTITY],
      [OK, IDENTITY],
      [NOT_FOUND, IDENTITY],
    ],
  )
  const [packed, plain, small] = entries.map((one) => one.getData_asU8())
  assert.ok((packed?.length ?? 0) < words.bytes.length / 10)
  assert.ok((await decompressed(packed as Uint8Array)).equals(words.bytes))
  assert.ok(Buffer.from(plain as Uint8Array).equals(noise.bytes))
  assert.is(Buffer.from(small as Uint8Array).toString(), 'tiny')
})

test('RD-03: as it is for clients that accept nothing else, or only what is not served here', async () => {
  await store(rig.client, words)
  for (const acceptable of [[], [IDENTITY], [DEFLATE]]) {
    const [one] = await batchRead([words], acceptable)
    assert.is(one?.getCompressor(), IDENTITY)
    assert.ok(Buffer.from(one?.getData_asU8() ?? []).equals(words.bytes))
  }
})

test.run()
