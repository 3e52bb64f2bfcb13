// A store is in use before everything in its directory is counted.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'uvu'
import { blobOf, putBlobFile, type TestBlob, temporaryDirectory } from '../testing/index.js'
import { LocalStore } from './local-store.js'

const KIB = 1024
const old = Array.from({ length: 40 }, (_, n) => blobOf(`old ${n}`))
const [a, b, c] = ['a', 'b', 'c'].map((text) => blobOf(text)) as [TestBlob, TestBlob, TestBlob]

const put = (store: LocalStore, { digest, bytes }: TestBlob) => store.write(digest, bytes)
const isOnDisk = (store: LocalStore, { digest }: TestBlob) => existsSync(store.layout.blob(digest))

/** The old blobs are in the directory, from long before the start. */
async function filledStore(dir: string, maxBlobs: number): Promise<LocalStore> {
  {
    using before = await LocalStore.open({ dir })
    for (const blob of old) await put(before, blob)
  }
  return await LocalStore.open({ dir, maxBytes: maxBlobs * 4 * KIB, graceMs: 0 })
}

test('FM-01: before it is counted, a blob is found, read, and not stored again', async () => {
  using directory = temporaryDirectory()
  using store = await filledStore(directory.path, 100)
  equal(store.usage.complete, false)
  equal(store.usage.blobs, 0)
  deepEqual(await store.findMissing([...old, a].map(({ digest }) => digest)), [a.digest])
  const [first] = old as [TestBlob]
  equal(Buffer.compare(await store.get(first.digest), first.bytes), 0)
  await put(store, a)
  await store.loaded
  deepEqual(store.usage, { bytes: 41 * 4 * KIB, maxBytes: 100 * 4 * KIB, blobs: 41, complete: true })
})

test('writes are not refused while the store is counted; then what is too much goes, the old ones first', async () => {
  using directory = temporaryDirectory()
  using store = await filledStore(directory.path, 30)
  for (const blob of [a, b, c]) await put(store, blob)
  await store.loaded
  equal(store.usage.bytes, 30 * 4 * KIB)
  deepEqual(
    [a, b, c].map((blob) => isOnDisk(store, blob)),
    [true, true, true],
  )
  equal(old.filter((blob) => isOnDisk(store, blob)).length, 27)
})

test('what was used since the start does not make room before everything older is counted', async () => {
  using directory = temporaryDirectory()
  using store = await filledStore(directory.path, 2)
  await put(store, a)
  await put(store, b)
  // There is no room by what is known: a search that knows only these two would evict the first.
  await put(store, c)
  await store.loaded
  deepEqual(store.usage, { bytes: 2 * 4 * KIB, maxBytes: 2 * 4 * KIB, blobs: 2, complete: true })
  deepEqual(
    [a, b, c].map((blob) => isOnDisk(store, blob)),
    [false, true, true],
  )
  equal(old.filter((blob) => isOnDisk(store, blob)).length, 0)
})

test('a blob that is discarded while the store is counted stays away', async () => {
  using directory = temporaryDirectory()
  using store = await filledStore(directory.path, 100)
  const digests = old.map(({ digest }) => digest)
  for (const digest of digests) store.discard(digest)
  deepEqual(await store.findMissing(digests), digests)
  await store.loaded
  equal(store.usage.blobs, 0)
  deepEqual(await store.findMissing(digests), digests)
})

test('outputs that a runner stores while the store is counted count once', async () => {
  using directory = temporaryDirectory()
  using store = await filledStore(directory.path, 100)
  const [known] = old as [TestBlob]
  deepEqual(await store.adopt([{ digest: known.digest, variant: 'plain' }, produce(store, a)]), [])
  await store.loaded
  ok(isOnDisk(store, known) && isOnDisk(store, a))
  equal(store.usage.blobs, 41)
})

test('a store that is closed while it is counted touches nothing any more', async () => {
  using directory = temporaryDirectory()
  const store = await filledStore(directory.path, 2)
  store[Symbol.dispose]()
  await store.loaded
  equal(old.filter((blob) => isOnDisk(store, blob)).length, old.length)
})

/** Puts a file in place as a runner does. */
function produce(store: LocalStore, blob: TestBlob) {
  putBlobFile(store.layout.root, blob)
  return { digest: blob.digest, variant: 'plain' } as const
}

test.run()
