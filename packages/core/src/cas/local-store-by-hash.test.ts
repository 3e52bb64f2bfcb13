// What HTTP caches need of a store: blobs whose size nobody says.
import { deepEqual, equal } from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { type Digest, emptyDigest, MD5, SHA256 } from '../digest/index.js'
import { blobOf, blobOfSize, inChunks, rejectsWith, temporaryDirectory } from '../testing/index.js'
import { LocalStore } from './local-store.js'

const files = (dir: string) =>
  readdirSync(join(dir, 'run'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())

test('a blob is found by its hash; so is the empty one, and nothing else', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  const { digest, bytes } = blobOf('found by its hash')
  equal(await store.find(SHA256, digest.hash), undefined)
  await store.write(digest, bytes)
  equal(String(await store.find(SHA256, digest.hash)), String(digest))
  const nothing = emptyDigest(SHA256)
  equal(await store.find(SHA256, nothing.hash), nothing)
  const neighbour = `${digest.hash.slice(0, -1)}${digest.hash.endsWith('0') ? '1' : '0'}`
  equal(await store.find(SHA256, neighbour), undefined)
  equal(await store.find(MD5, digest.hash.slice(0, MD5.hashLength)), undefined)
  store.discard(digest)
  equal(await store.find(SHA256, digest.hash), undefined)
})

test('a blob from before the start is found before all are counted', async () => {
  using directory = temporaryDirectory()
  const { digest, bytes } = blobOf('from before')
  {
    using store = await LocalStore.open({ dir: directory.path })
    await store.write(digest, bytes)
  }
  using store = await LocalStore.open({ dir: directory.path })
  equal(store.usage.complete, false)
  equal(String(await store.find(SHA256, digest.hash)), String(digest))
  equal(await store.find(SHA256, blobOf('never there').digest.hash), undefined)
})

test('finding a blob is a use of it', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path, maxBytes: 3 * 4096, graceMs: 0 })
  const [first, second, third, fourth] = [1, 2, 3, 4].map((n) => blobOf(`blob ${n}`))
  for (const blob of [first, second, third]) await store.write(blob?.digest as Digest, blob?.bytes as Uint8Array)
  await store.find(SHA256, first?.digest.hash ?? '')
  await store.write(fourth?.digest as Digest, fourth?.bytes as Uint8Array)
  equal(String(await store.find(SHA256, first?.digest.hash ?? '')), String(first?.digest))
  equal(await store.find(SHA256, second?.digest.hash ?? ''), undefined)
})

test('content of unknown digest is received, then stored, and takes room meanwhile', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  const { digest, bytes } = blobOfSize(700_000)
  {
    using received = await store.receive(SHA256, inChunks(bytes, 100_000), 1_000_000)
    equal(String(received.digest), String(digest))
    deepEqual(await store.findMissing([digest]), [digest])
    equal(store.usage.bytes >= bytes.length, true)
    await store.write(received.digest, received.content)
  }
  equal(Buffer.compare(await store.get(digest), bytes), 0)
  equal(files(directory.path).length, 0)
})

test('content that is too long, breaks off or is not stored leaves nothing', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  const { bytes } = blobOfSize(300_000)
  await rejectsWith('invalid-argument', store.receive(SHA256, inChunks(bytes, 50_000), bytes.length - 1))
  async function* broken() {
    yield bytes
    throw new Error('the line is dead')
  }
  await store.receive(SHA256, broken(), 1e6).then(
    () => equal('rejected', 'not'),
    (error) => equal(error.message, 'the line is dead'),
  )
  ;(await store.receive(SHA256, inChunks(bytes, 50_000), 1e6))[Symbol.dispose]()
  equal(store.usage.bytes, 0)
  equal(files(directory.path).length, 0)
})

test.run()
