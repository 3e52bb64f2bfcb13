import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { test } from 'uvu'
import { type ContentAddressableStorage, LocalStore, MemoryStore } from '../cas/index.js'
import { Digest, emptyDigest, SHA256 } from '../digest/index.js'
import { blobOf, blobOfSize, collect, rejectsWith, type TestBlob, temporaryDirectory } from '../testing/index.js'
import { ChunkedBlobs, MAX_CHUNKS } from './chunked-blobs.js'
import { fastCdcParameters } from './fast-cdc-parameters.js'

const parameters = fastCdcParameters(1024)
const large = blobOfSize(50_000, 'chunked')

interface Rig {
  readonly cas: MemoryStore
  readonly chunked: ChunkedBlobs
}

function rig(): Rig {
  const cas = new MemoryStore()
  return { cas, chunked: new ChunkedBlobs({ cas, parameters }) }
}

async function put(cas: ContentAddressableStorage, ...blobs: TestBlob[]): Promise<void> {
  for (const { digest, bytes } of blobs) await cas.write(digest, bytes)
}

async function contents(cas: ContentAddressableStorage, chunks: readonly Digest[]): Promise<Buffer> {
  return Buffer.concat(await Promise.all(chunks.map((chunk) => cas.get(chunk))))
}

/** Two halves of the large blob. */
const halves = [blobOf(large.bytes.subarray(0, 20_000)), blobOf(large.bytes.subarray(20_000))]
const halfDigests = halves.map(({ digest }) => digest)

test('CH-02: chunks are stored and make up the blob', async () => {
  const { cas, chunked } = rig()
  await put(cas, large)
  const chunks = await chunked.split(large.digest)
  ok(chunks.length > 20)
  ok(chunks.every((chunk) => chunk.sizeBytes <= parameters.maxBytes))
  deepEqual(await contents(cas, chunks), Buffer.from(large.bytes))
  deepEqual(await chunked.split(large.digest), chunks)
})

test('CH-02: a blob that is smaller than the largest chunk is its own', async () => {
  const { cas, chunked } = rig()
  const small = blobOfSize(parameters.maxBytes - 1)
  await put(cas, small)
  deepEqual(await chunked.split(small.digest), [small.digest])
  deepEqual(await chunked.split(emptyDigest(SHA256)), [emptyDigest(SHA256)])
})

test('CH-02: a blob that is absent is not found, even if it was split before', async () => {
  await rejectsWith('not-found', rig().chunked.split(large.digest))
  await rejectsWith('not-found', rig().chunked.split(blobOf('small and absent').digest))
})

test('CH-02: a blob with the same chunk many times stores it once', async () => {
  const { cas, chunked } = rig()
  const zeroes = blobOf(new Uint8Array(100_000))
  await put(cas, zeroes)
  const chunks = await chunked.split(zeroes.digest)
  equal(new Set(chunks.map((chunk) => chunk.key)).size, 2)
  deepEqual(await contents(cas, chunks), Buffer.from(zeroes.bytes))
})

test('CH-02: a blob of too many chunks has no split information', async () => {
  const size = MAX_CHUNKS * parameters.averageBytes + 1
  const digest = Digest.of(SHA256, '0'.repeat(64), size)
  // Nothing is read of it.
  const cas: ContentAddressableStorage = Object.assign(new MemoryStore(), { findMissing: async () => [] })
  await rejects(new ChunkedBlobs({ cas, parameters }).split(digest), {
    code: 'not-found',
    message: /more than 20000 chunks/,
  })
})

test('CH-02: chunks that left the store are made again', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  const chunked = new ChunkedBlobs({ cas: store, parameters })
  await put(store, large)
  const chunks = await chunked.split(large.digest)
  for (const chunk of chunks.slice(3, 9)) store.discard(chunk)
  deepEqual(await chunked.split(large.digest), chunks)
  deepEqual(await contents(store, chunks), Buffer.from(large.bytes))
})

test('CH-02: a store without room for a blob and its chunks says so', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path, maxBytes: 80_000 })
  await put(store, large)
  const chunked = new ChunkedBlobs({ cas: store, parameters })
  await rejectsWith('resource-exhausted', chunked.split(large.digest))
})

test('CH-02: several who ask at once get the same', async () => {
  const { cas, chunked } = rig()
  await put(cas, large)
  const [first, ...others] = await Promise.all(Array.from({ length: 5 }, () => chunked.split(large.digest)))
  for (const other of others) deepEqual(other, first)
})

test('CH-03: chunks are put together', async () => {
  const { cas, chunked } = rig()
  await put(cas, ...halves)
  await chunked.splice(large.digest, halfDigests)
  deepEqual(await collect(cas.read(large.digest)), Buffer.from(large.bytes))
})

test('CH-03: what split gives, splice takes', async () => {
  const { cas, chunked } = rig()
  await put(cas, large)
  const chunks = await chunked.split(large.digest)
  const elsewhere = rig()
  for (const chunk of chunks) await elsewhere.cas.write(chunk, await cas.get(chunk))
  await elsewhere.chunked.splice(large.digest, chunks)
  equal((await elsewhere.cas.findMissing([large.digest])).length, 0)
  deepEqual(await elsewhere.chunked.split(large.digest), chunks)
})

test('CH-03: chunks in another order are not the blob, and nothing is stored', async () => {
  const { cas, chunked } = rig()
  await put(cas, ...halves)
  await rejectsWith('invalid-argument', chunked.splice(large.digest, halfDigests.toReversed()))
  equal((await cas.findMissing([large.digest])).length, 1)
})

test('CH-03: sizes must add up before anything is looked for', async () => {
  const { chunked } = rig()
  await rejects(chunked.splice(large.digest, halfDigests.slice(1)), { message: /add up to 30000 bytes/ })
  await rejectsWith('invalid-argument', chunked.splice(large.digest, []))
})

test('CH-03: there is a bound on the number of chunks', async () => {
  const chunks = Array.from({ length: MAX_CHUNKS + 1 }, () => emptyDigest(SHA256))
  await rejectsWith('invalid-argument', rig().chunked.splice(emptyDigest(SHA256), chunks))
})

test('CH-03: all chunks that are missing are named', async () => {
  const { chunked } = rig()
  await rejects(chunked.splice(large.digest, halfDigests), {
    code: 'not-found',
    details: [{ kind: 'missing-blobs', subjects: halfDigests.map((digest) => `blobs/${digest}`) }],
  })
})

test('CH-03: with the blob there, chunks that are not do not matter', async () => {
  const { cas, chunked } = rig()
  await put(cas, large)
  await chunked.splice(large.digest, halfDigests)
  await chunked.splice(emptyDigest(SHA256), [])
})

test('GEN-07: a split or splice that is called off stops, and leaves no file', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  await put(store, large, ...halves)
  const chunked = new ChunkedBlobs({ cas: store, parameters })
  await rejects(chunked.split(large.digest, AbortSignal.abort()), { name: 'AbortError' })
  store.discard(large.digest)
  await rejects(chunked.splice(large.digest, halfDigests, AbortSignal.abort()), { name: 'AbortError' })
  equal((await store.findMissing([large.digest])).length, 1)
})

test.run()
