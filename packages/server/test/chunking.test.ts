import { digestMessage, failure, findMissing, isMissing, paths, read, store, upload } from '@gorego/conformance/client'
import { BLAKE3, Digest, emptyDigest, reapi, SHA256, SHA512 } from '@gorego/core'
import { blobOf, blobOfSize, type TestBlob } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const MIB = 1024 * 1024
const { SHA256: SHA256_VALUE, BLAKE3: BLAKE3_VALUE, SHA256TREE } = reapi.DigestFunction.Value
const { UNKNOWN, FAST_CDC_2020, REP_MAX_CDC } = reapi.ChunkingFunction.Value

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ execution: { enabled: false } })
})
test.after(async () => {
  await rig.stop()
  assert.equal(rig.complaints, [])
})

function splitRequest(digest: Digest): reapi.SplitBlobRequest {
  return new reapi.SplitBlobRequest().setBlobDigest(digestMessage(digest))
}

function spliceRequest(digest: Digest, chunks: readonly Digest[]): reapi.SpliceBlobRequest {
  return new reapi.SpliceBlobRequest()
    .setBlobDigest(digestMessage(digest))
    .setChunkDigestsList(chunks.map(digestMessage))
}

async function split(request: reapi.SplitBlobRequest): Promise<reapi.SplitBlobResponse> {
  return reapi.SplitBlobResponse.deserializeBinary(await rig.client.unary(paths.splitBlob, request))
}

async function splice(request: reapi.SpliceBlobRequest): Promise<reapi.Digest | undefined> {
  const response = await rig.client.unary(paths.spliceBlob, request)
  return reapi.SpliceBlobResponse.deserializeBinary(response).getBlobDigest()
}

/** A blob that nobody stored, its two halves, which are stored, and their digests. */
async function halved(seed: string): Promise<{ blob: TestBlob; chunks: Digest[] }> {
  const blob = blobOfSize(3 * MIB, seed)
  const halves = [blobOf(blob.bytes.subarray(0, MIB)), blobOf(blob.bytes.subarray(MIB))]
  for (const half of halves) await store(rig.client, half)
  return { blob, chunks: halves.map(({ digest }) => digest) }
}

test('CH-02: a large blob comes in chunks that are in the CAS and make it up', async () => {
  const blob = blobOfSize(9 * MIB, 'split')
  await upload(rig.client, blob)
  const response = await split(splitRequest(blob.digest))
  assert.is(response.getChunkingFunction(), FAST_CDC_2020)
  const chunks = response.getChunkDigestsList().map((chunk) => reapi.fromDigestMessage(SHA256, chunk, 'a chunk'))
  assert.ok(chunks.length >= 5)
  assert.equal(await findMissing(rig.client, chunks), [])
  const parts: Buffer[] = []
  for (const chunk of chunks) parts.push(await read(rig.client, chunk))
  assert.ok(Buffer.concat(parts).equals(blob.bytes))
})

test('CH-02: a blob below the largest chunk is one chunk; an absent one is not found', async () => {
  const small = blobOf('small')
  await store(rig.client, small)
  for (const digest of [small.digest, emptyDigest(SHA256)]) {
    const [only, ...more] = (await split(splitRequest(digest))).getChunkDigestsList()
    assert.equal([only?.getHash(), more], [digest.hash, []])
  }
  const absent = splitRequest(blobOf('absent').digest)
  assert.is((await failure(rig.client.unary(paths.splitBlob, absent))).code, 'NOT_FOUND')
})

test('CH-04: any chunking function may be asked for, none and one that is not known too', async () => {
  const small = blobOf('of any function')
  await store(rig.client, small)
  for (const wanted of [UNKNOWN, FAST_CDC_2020, REP_MAX_CDC, 77 as reapi.ChunkingFunctionValue]) {
    const response = await split(splitRequest(small.digest).setChunkingFunction(wanted))
    assert.is(response.getChunkDigestsList().length, 1)
    const { blob, chunks } = await halved(`of function ${wanted}`)
    const digest = await splice(spliceRequest(blob.digest, chunks).setChunkingFunction(wanted))
    assert.is(digest?.getHash(), blob.digest.hash)
  }
})

test('CH-03: chunks are put together, and the blob can be read', async () => {
  const { blob, chunks } = await halved('splice')
  assert.ok(await isMissing(rig.client, blob))
  const digest = await splice(spliceRequest(blob.digest, chunks))
  assert.equal([digest?.getHash(), digest?.getSizeBytes()], [blob.digest.hash, blob.digest.sizeBytes])
  assert.ok((await read(rig.client, blob.digest)).equals(blob.bytes))
  // Once more does nothing.
  await splice(spliceRequest(blob.digest, chunks))
})

test('CH-03: chunks that are not the blob are INVALID_ARGUMENT, and nothing is stored', async () => {
  const { blob, chunks } = await halved('other chunks')
  for (const wrong of [chunks.toReversed(), chunks.slice(1), []]) {
    const { code } = await failure(rig.client.unary(paths.spliceBlob, spliceRequest(blob.digest, wrong)))
    assert.is(code, 'INVALID_ARGUMENT')
  }
  assert.ok(await isMissing(rig.client, blob))
  assert.equal(rig.temporaryFiles(), [])
})

test('CH-03: missing chunks are NOT_FOUND, all of them named', async () => {
  const { blob, chunks } = await halved('missing chunks')
  const absent = [blobOf('absent 1').digest, blobOf('absent 2').digest]
  const digests = [...chunks, ...absent]
  const size = blob.digest.sizeBytes + absent.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const request = spliceRequest(blob.digest, digests)
  request.getBlobDigest()?.setSizeBytes(size)
  const { code, status } = await failure(rig.client.unary(paths.spliceBlob, request))
  assert.is(code, 'NOT_FOUND')
  const [detail] = status?.getDetailsList() ?? []
  const violations = reapi.PreconditionFailure.deserializeBinary(detail?.getValue_asU8() ?? new Uint8Array())
  assert.equal(
    violations.getViolationsList().map((violation) => [violation.getType(), violation.getSubject()]),
    absent.map((digest) => ['MISSING', `blobs/${digest}`]),
  )
})

test('CH-06: blob and chunks are of one function, which is one that is served', async () => {
  const { blob, chunks } = await halved('one function')
  const request = spliceRequest(blob.digest, chunks)
  for (const digest of [new reapi.Digest().setHash('ab').setSizeBytes(1), new reapi.Digest()]) {
    const { code } = await failure(rig.client.unary(paths.spliceBlob, request.cloneMessage().addChunkDigests(digest)))
    assert.is(code, 'INVALID_ARGUMENT')
  }
  const unserved = request.cloneMessage().setDigestFunction(SHA256TREE)
  assert.is((await failure(rig.client.unary(paths.spliceBlob, unserved))).code, 'INVALID_ARGUMENT')
  // DIG-07: the same hashes under another function are other chunks, which are not there.
  const other = request.cloneMessage().setDigestFunction(BLAKE3_VALUE)
  assert.is((await failure(rig.client.unary(paths.spliceBlob, other))).code, 'NOT_FOUND')
  await splice(request.setDigestFunction(SHA256_VALUE))
})

test('CH-06, DIG-09: chunks of a blob are of its function, and make it up again', async () => {
  for (const fn of [BLAKE3, SHA512]) {
    const value = fn.value as reapi.DigestFunctionValue
    const blob = blobOfSize(5 * MIB, `split as ${fn.name}`, fn)
    await upload(rig.client, blob)
    const response = await split(splitRequest(blob.digest).setDigestFunction(value))
    const chunks = response.getChunkDigestsList().map((chunk) => reapi.fromDigestMessage(fn, chunk, 'a chunk'))
    assert.ok(chunks.length >= 3)
    const parts: Buffer[] = []
    for (const chunk of chunks) parts.push(await read(rig.client, chunk))
    assert.ok(Digest.ofBytes(fn, parts[0] ?? Buffer.of()).equals(chunks[0] as Digest))
    const tail = blobOf(Buffer.concat(parts.slice(1)), fn)
    const spliced = await splice(spliceRequest(tail.digest, chunks.slice(1)).setDigestFunction(value))
    assert.is(spliced?.getHash(), tail.digest.hash)
    assert.ok((await read(rig.client, tail.digest)).equals(tail.bytes))
  }
})

test('GEN-01: digests that are absent or malformed, sizes beyond what is stored', async () => {
  for (const [path, message] of [
    [paths.splitBlob, new reapi.SplitBlobRequest()],
    [paths.splitBlob, new reapi.SplitBlobRequest().setBlobDigest(new reapi.Digest().setHash('xyz'))],
    [paths.splitBlob, splitRequest(emptyDigest(SHA256)).setInstanceName('a/blobs')],
    [paths.spliceBlob, new reapi.SpliceBlobRequest()],
    [
      paths.spliceBlob,
      new reapi.SpliceBlobRequest().setBlobDigest(digestMessage(blobOf('huge').digest).setSizeBytes(1e15)),
    ],
    // More chunks than a blob may have.
    [paths.spliceBlob, Buffer.alloc(2 * MIB + 1)],
  ] as const) {
    assert.is((await failure(rig.client.unary(path, message))).code, 'INVALID_ARGUMENT')
  }
})

test.run()
