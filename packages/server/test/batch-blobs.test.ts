import {
  batchRead,
  batchReadRequest,
  batchUpdate,
  digestMessage,
  failure,
  isMissing,
  paths,
  store,
  updateRequest,
} from '@gorego/conformance/client'
import { Digest, emptyDigest, reapi, SHA256, SHA512 } from '@gorego/core'
import { blobOf, blobOfSize } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const MAX_BATCH = 4 * 1024 * 1024 - 1024
const { OK, INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED } = reapi.RpcCode

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ execution: { enabled: false }, localCache: { maxSizeGb: 0.1 } })
})
test.after(() => rig.stop())

test('BU-01, BU-03, DIG-02: each entry has its own fate', async () => {
  const [good, other] = [blobOf('bu good'), blobOf('bu other')]
  const resized = Digest.of(SHA256, good.digest.hash, 99)
  const request = updateRequest(rig.client, [
    good,
    { digest: other.digest, bytes: Buffer.from('bu wrong') },
    { digest: resized, bytes: good.bytes },
    other,
  ])
  assert.equal(await batchUpdate(rig.client, request), [OK, INVALID_ARGUMENT, INVALID_ARGUMENT, OK])
  const read = await batchRead(
    rig.client,
    batchReadRequest(
      rig.client,
      [good, other].map(({ digest }) => digestMessage(digest)),
    ),
  )
  assert.equal(
    read.map(({ data }) => data.toString()),
    ['bu good', 'bu other'],
  )
})

test('BU-03: wrong content is refused also for a blob that is there, and does it no harm', async () => {
  const blob = blobOf('bu precious')
  await store(rig.client, blob)
  const wrong = updateRequest(rig.client, [{ digest: blob.digest, bytes: Buffer.from('bu precioux') }])
  assert.equal(await batchUpdate(rig.client, wrong), [INVALID_ARGUMENT])
  const [read] = await batchRead(rig.client, batchReadRequest(rig.client, [digestMessage(blob.digest)]))
  assert.is(read?.data.toString(), 'bu precious')
})

test('BU-01, GEN-01: responses name the digests asked for, bad ones too', async () => {
  const request = updateRequest(rig.client, [blobOf('bu named')])
  request.addRequests(new reapi.BatchUpdateBlobsRequest.Request())
  request.addRequests(
    new reapi.BatchUpdateBlobsRequest.Request().setDigest(new reapi.Digest().setHash('nonsense').setSizeBytes(-5)),
  )
  const bytes = await rig.client.unary(paths.batchUpdateBlobs, request)
  const entries = reapi.BatchUpdateBlobsResponse.deserializeBinary(bytes).getResponsesList()
  assert.equal(
    entries.map((entry) => entry.getStatus()?.getCode()),
    [OK, INVALID_ARGUMENT, INVALID_ARGUMENT],
  )
  assert.equal(
    entries.map((entry) => entry.getDigest()?.getHash()),
    [blobOf('bu named').digest.hash, undefined, 'nonsense'],
  )
})

test('BU-02, CP-06: a batch of the limit is taken, one byte more is not', async () => {
  const half = blobOfSize(MAX_BATCH / 2, 'bu first half')
  const rest = blobOfSize(MAX_BATCH / 2, 'bu second half')
  assert.equal(await batchUpdate(rig.client, updateRequest(rig.client, [half, rest])), [OK, OK])
  const more = updateRequest(rig.client, [half, rest, blobOf('!')])
  const { code } = await failure(rig.client.unary(paths.batchUpdateBlobs, more))
  assert.is(code, 'INVALID_ARGUMENT')
  assert.ok(await isMissing(rig.client, blobOf('!')))
})

test('BU-05: compressors that are not advertised are refused, entry by entry', async () => {
  const request = updateRequest(rig.client, [blobOf('bu plain'), blobOf('bu deflate')])
  request.getRequestsList()[1]?.setCompressor(reapi.Compressor.Value.DEFLATE)
  assert.equal(await batchUpdate(rig.client, request), [OK, INVALID_ARGUMENT])
})

test('BU-06: one blob twice in a batch is fine', async () => {
  const blob = blobOf('bu twice')
  assert.equal(await batchUpdate(rig.client, updateRequest(rig.client, [blob, blob])), [OK, OK])
})

test('BW-14, RD-04: the empty blob is taken and given', async () => {
  const digest = emptyDigest(SHA256)
  assert.equal(await batchUpdate(rig.client, updateRequest(rig.client, [{ digest, bytes: Buffer.alloc(0) }])), [OK])
  const [read] = await batchRead(rig.client, batchReadRequest(rig.client, [digestMessage(digest)]))
  assert.is(read?.code, OK)
  assert.is(read?.data.length, 0)
})

test('RD-01: found and missing side by side, in the order asked', async () => {
  const [a, b, absent] = [blobOf('rd a'), blobOf('rd b'), blobOf('rd absent')]
  await store(rig.client, a, b)
  const read = await batchRead(
    rig.client,
    batchReadRequest(
      rig.client,
      [b, absent, a, b].map(({ digest }) => digestMessage(digest)),
    ),
  )
  assert.equal(
    read.map(({ hash, code, data }) => [hash, code, data.toString()]),
    [
      [b.digest.hash, OK, 'rd b'],
      [absent.digest.hash, NOT_FOUND, ''],
      [a.digest.hash, OK, 'rd a'],
      [b.digest.hash, OK, 'rd b'],
    ],
  )
})

test('RD-02: asking for more than the limit fails the call', async () => {
  const digests = [MAX_BATCH, 1].map((size, n) => digestMessage(Digest.of(SHA256, `${n}`.repeat(64), size)))
  const request = new reapi.BatchReadBlobsRequest().setDigestsList(digests)
  assert.is((await failure(rig.client.unary(paths.batchReadBlobs, request))).code, 'INVALID_ARGUMENT')
})

test('RD-03: identity is always acceptable, whatever else is', async () => {
  const blob = blobOf('rd compressors')
  await store(rig.client, blob)
  const request = new reapi.BatchReadBlobsRequest()
    .setDigestsList([digestMessage(blob.digest)])
    .setAcceptableCompressorsList([reapi.Compressor.Value.ZSTD])
  const bytes = await rig.client.unary(paths.batchReadBlobs, request)
  const [entry] = reapi.BatchReadBlobsResponse.deserializeBinary(bytes).getResponsesList()
  assert.is(entry?.getCompressor(), reapi.Compressor.Value.IDENTITY)
  assert.is(Buffer.from(entry?.getData_asU8() ?? []).toString(), 'rd compressors')
})

test('RD-05: a batch of the limit fits what clients receive by default', async () => {
  const halves = [blobOfSize(MAX_BATCH / 2, 'bu first half'), blobOfSize(MAX_BATCH / 2, 'bu second half')]
  await store(rig.client, ...halves)
  const request = new reapi.BatchReadBlobsRequest().setDigestsList(halves.map(({ digest }) => digestMessage(digest)))
  const bytes = await rig.client.unary(paths.batchReadBlobs, request)
  assert.ok(bytes.length <= 4 * 1024 * 1024, `${bytes.length} bytes`)
  const entries = reapi.BatchReadBlobsResponse.deserializeBinary(bytes).getResponsesList()
  assert.ok(entries.every((entry) => entry.getStatus()?.getCode() === OK))
})

test('RD-05: so does the answer to very many digests; yet more are refused', async () => {
  const absent = (n: number) => Digest.of(SHA256, n.toString(16).padStart(64, '0'), 1)
  const bytes = await rig.client.unary(paths.batchReadBlobs, readRequestOf(20_000, absent))
  assert.ok(bytes.length <= 4 * 1024 * 1024, `${bytes.length} bytes`)
  const entries = reapi.BatchReadBlobsResponse.deserializeBinary(bytes).getResponsesList()
  assert.ok(entries.length === 20_000 && entries.every((entry) => entry.getStatus()?.getCode() === NOT_FOUND))
  const { code } = await failure(rig.client.unary(paths.batchReadBlobs, readRequestOf(50_000, absent)))
  assert.is(code, 'INVALID_ARGUMENT')
})

test('RD-05: digests of other functions are longer, and count as what they are', async () => {
  const blob = blobOf('b'.repeat(950), SHA512)
  await store(rig.client, blob)
  const request = batchReadRequest(
    rig.client,
    Array.from({ length: 4000 }, () => digestMessage(blob.digest)),
  )
  assert.ok((await rig.client.unary(paths.batchReadBlobs, request)).length <= 4 * 1024 * 1024)
  const codes = (await batchRead(rig.client, request)).map(({ code }) => code)
  assert.ok(codes.filter((code) => code === OK).length > 3500)
})

test('RD-05, GEN-02: so does one that has room for some of the blobs only', async () => {
  const blob = blobOfSize(130, 'bu many times')
  await store(rig.client, blob)
  const bytes = await rig.client.unary(
    paths.batchReadBlobs,
    readRequestOf(30_000, () => blob.digest),
  )
  assert.ok(bytes.length <= 4 * 1024 * 1024, `${bytes.length} bytes`)
  const codes = reapi.BatchReadBlobsResponse.deserializeBinary(bytes)
    .getResponsesList()
    .map((entry) => entry.getStatus()?.getCode())
  assert.equal([codes.length, codes[0], codes.at(-1)], [30_000, OK, RESOURCE_EXHAUSTED])
})

function readRequestOf(count: number, digestOf: (n: number) => Digest): reapi.BatchReadBlobsRequest {
  const digests = Array.from({ length: count }, (_, n) => digestMessage(digestOf(n)))
  return new reapi.BatchReadBlobsRequest().setDigestsList(digests)
}

test('CP-06, BW-12: a blob beyond the largest is refused', async () => {
  await using small = await ServerRig.start({ execution: { enabled: false }, localCache: { maxSizeGb: 0.001 } })
  const blob = blobOfSize(1_000_001)
  assert.equal(await batchUpdate(small.client, updateRequest(rig.client, [blob])), [INVALID_ARGUMENT])
})

test('BU-04: nor one that the disk has no room for, with the code that says so', async () => {
  // Under the limit in bytes, above it in whole blocks.
  await using small = await ServerRig.start({ execution: { enabled: false }, localCache: { maxSizeGb: 0.001 } })
  assert.equal(await batchUpdate(small.client, updateRequest(rig.client, [blobOfSize(1_000_000)])), [
    RESOURCE_EXHAUSTED,
  ])
})

test('GEN-01: digests that are none', async () => {
  const bad = new reapi.BatchReadBlobsRequest().setDigestsList([new reapi.Digest()])
  assert.is((await failure(rig.client.unary(paths.batchReadBlobs, bad))).code, 'INVALID_ARGUMENT')
  const good = digestMessage(emptyDigest(SHA256))
  const second = await batchRead(
    rig.client,
    batchReadRequest(rig.client, [good, new reapi.Digest().setHash('x').setSizeBytes(-9)]),
  )
  assert.equal(
    second.map(({ code }) => code),
    [OK, INVALID_ARGUMENT],
  )
  assert.equal(await batchRead(rig.client, batchReadRequest(rig.client, [])), [])
})

test.run()
