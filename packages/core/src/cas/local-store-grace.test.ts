// What a store must not evict, and what it says when it may evict nothing.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { existsSync, unlinkSync } from 'node:fs'
import { test } from 'uvu'
import { type Digest, SHA256 } from '../digest/index.js'
import { blocks, Session } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import {
  blobOf,
  blobOfSize,
  collect,
  FakeClock,
  inChunks,
  putBlobFile,
  type TestBlob,
  temporaryDirectory,
} from '../testing/index.js'
import { LocalStore } from './local-store.js'

const KIB = 1024
const MIB = 1024 * KIB
const GRACE_MS = 10_000

/** A store with room for so many blobs of up to 4 KiB, whose time a test moves by hand. */
async function storeFor(dir: string, blobs: number, clock = new FakeClock()): Promise<LocalStore> {
  return await LocalStore.open({ dir, maxBytes: blobs * 4 * KIB, graceMs: GRACE_MS, clock })
}

/** Fails unless a write is refused because nothing may go; returns how long it is said to take until something may. */
async function refused(write: Promise<unknown>): Promise<number> {
  const error = await write.then(
    () => undefined,
    (thrown) => thrown,
  )
  ok(error instanceof GoregoError && error.code === 'resource-exhausted', String(error))
  const [detail] = error.details
  ok(detail?.kind === 'retry-after')
  return detail.delayMs
}

const put = (store: LocalStore, { digest, bytes }: TestBlob) => store.write(digest, bytes)
const isOnDisk = (store: LocalStore, { digest }: TestBlob) => existsSync(store.layout.blob(digest))

const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((text) => blobOf(text)) as [TestBlob, TestBlob, TestBlob, TestBlob]

test('BW-13: what was stored just now is not evicted; a write that needs its room is told when to come back', async () => {
  using directory = temporaryDirectory()
  const clock = new FakeClock()
  using store = await storeFor(directory.path, 2, clock)
  await put(store, a)
  clock.advance(3000)
  await put(store, b)
  clock.advance(1000)
  equal(await refused(put(store, c)), GRACE_MS - 4000)
  equal(await refused(store.write(c.digest, inChunks(c.bytes, 1))), GRACE_MS - 4000)
  ok(isOnDisk(store, a) && isOnDisk(store, b))

  clock.advance(GRACE_MS - 4000)
  await put(store, c)
  deepEqual(
    [a, b, c].map((blob) => isOnDisk(store, blob)),
    [false, true, true],
  )
  // Who was refused had not evicted anything on the way.
  equal(await refused(put(store, d)), 3000)
})

const promises: Record<string, (store: LocalStore, blob: TestBlob) => Promise<unknown>> = {
  'FM-04: found': async (store, { digest }) => deepEqual(await store.findMissing([digest]), []),
  'BW-08: written again': put,
  'BW-08: streamed again': (store, { digest, bytes }) => store.write(digest, inChunks(bytes, 1)),
  'BR-10: read': (store, { digest }) => collect(store.read(digest)),
  gotten: (store, { digest }) => store.get(digest),
}

for (const [what, use] of Object.entries(promises)) {
  test(`what a client has ${what} is there for as long again`, async () => {
    using directory = temporaryDirectory()
    const clock = new FakeClock()
    // Storing again needs room for the time being.
    using store = await storeFor(directory.path, 3, clock)
    await put(store, a)
    await put(store, b)
    clock.advance(GRACE_MS - 1)
    await use(store, a)
    clock.advance(1)
    await put(store, c)
    await put(store, d)
    deepEqual(
      [a, b].map((blob) => isOnDisk(store, blob)),
      [true, false],
      'the one that was not used is evicted',
    )
    ok((await refused(put(store, blobOf('e')))) <= GRACE_MS)
    ok(isOnDisk(store, a))
  })
}

test('uploads under way take room: many at once stay within the budget, whatever they say they will send', async () => {
  using directory = temporaryDirectory()
  const maxBytes = 4 * MIB
  using store = await LocalStore.open({ dir: directory.path, maxBytes, graceMs: 0 })
  // Or they all wait for that, and then for each other.
  await store.loaded
  const peaks: number[] = []
  const upload = async (n: number) => {
    const { digest, bytes } = blobOfSize(1 * MIB, n)
    await store.write(
      digest,
      (async function* () {
        for await (const chunk of inChunks(bytes, 64 * KIB)) {
          peaks.push(store.usage.bytes)
          yield chunk
        }
      })(),
    )
  }
  const results = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => upload(n)))
  ok(Math.max(...peaks) <= maxBytes, `${Math.max(...peaks)} bytes`)
  const stored = results.filter(({ status }) => status === 'fulfilled').length
  ok(stored > 0, 'the room that one gives up is another one’s')
  for (const result of results) {
    if (result.status === 'rejected') ok((await refused(Promise.reject(result.reason))) > 0)
  }
  ok(store.usage.bytes <= maxBytes)
})

test('BW-13: a large chunk that finds no room while it is hashed fails its write and nothing else', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path, maxBytes: 10 * MIB })
  await put(store, blobOfSize(6 * MIB, 'kept'))
  const large = blobOfSize(8 * MIB, 'refused')
  // A rejection that nobody has a hand on would end this process.
  ok((await refused(store.write(large.digest, inChunks(large.bytes, 4 * MIB)))) > 0)
  equal(store.usage.bytes, 6 * MIB)
})

test('who says that he will send much and sends little evicts little', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path, maxBytes: 4 * MIB, graceMs: 0 })
  const small = Array.from({ length: 12 }, (_, n) => blobOfSize(256 * KIB, `small ${n}`))
  for (const blob of small) await put(store, blob)
  const large = blobOfSize(4 * MIB, 'large')
  const reason = new Error('gone')
  async function* little() {
    yield large.bytes.subarray(0, 1000)
    throw reason
  }
  await store.write(large.digest, little()).catch((error) => equal(error, reason))
  equal(small.filter((blob) => isOnDisk(store, blob)).length, 12)
  equal(store.usage.bytes, 12 * 256 * KIB, 'its room is given back')
})

test('two who ask at once do not get the same room', async () => {
  using directory = temporaryDirectory()
  using store = await storeFor(directory.path, 1)
  const results = await Promise.allSettled([put(store, a), put(store, b), put(store, c)])
  equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
  equal(store.usage.bytes, 4 * KIB)
})

test('after a restart, what was stored just before it is still kept, and what is older may go', async () => {
  using directory = temporaryDirectory()
  {
    using store = await storeFor(directory.path, 2)
    await put(store, a)
    await put(store, b)
  }
  // The change time of a file is the system's.
  const clock = new FakeClock(Date.now())
  {
    using store = await storeFor(directory.path, 2, clock)
    await store.loaded
    ok((await refused(put(store, c))) <= GRACE_MS)
    ok(isOnDisk(store, a) && isOnDisk(store, b))
  }
  {
    using shrunk = await storeFor(directory.path, 1, clock)
    await shrunk.loaded
    equal(shrunk.usage.blobs, 2, 'a smaller budget is no reason to break the promise')
  }
  clock.advance(60_000)
  using store = await storeFor(directory.path, 2, clock)
  await store.loaded
  await put(store, c)
  equal(store.usage.blobs, 2)
})

/** Puts a file in place as a runner does. */
function produce(store: LocalStore, blob: TestBlob): { digest: Digest; variant: 'plain' } {
  putBlobFile(store.layout.root, blob)
  return { digest: blob.digest, variant: 'plain' }
}

test('OR-05: outputs are taken a little beyond the budget; beyond that, the new ones are dropped and the old ones stay', async () => {
  using directory = temporaryDirectory()
  const clock = new FakeClock()
  using store = await storeFor(directory.path, 20, clock)
  const inUse = Array.from({ length: 20 }, (_, n) => blobOf(`in use ${n}`))
  for (const blob of inUse) await put(store, blob)
  const [first, second, third] = [a, b, c].map((blob) => produce(store, blob))
  ok(first && second && third)
  deepEqual(await store.adopt([first, second]), [])
  equal(store.usage.bytes, 22 * 4 * KIB)

  const known = inUse[0] as TestBlob
  ok((await refused(store.adopt([third, { digest: known.digest, variant: 'plain' }]))) > 0)
  deepEqual(
    [a, b, c, known].map((blob) => isOnDisk(store, blob)),
    [true, true, false, true],
  )
  equal(store.usage.bytes, 22 * 4 * KIB)

  clock.advance(GRACE_MS)
  deepEqual(await store.adopt([produce(store, c)]), [])
  equal(store.usage.bytes, 20 * 4 * KIB)
})

test('OR-05: an output that was evicted before it was counted is reported', async () => {
  using directory = temporaryDirectory()
  using store = await storeFor(directory.path, 20)
  const added = [a, b].map((blob) => produce(store, blob))
  store.discard(a.digest)
  deepEqual((await store.adopt(added)).map(String), [String(a.digest)])
  equal(store.usage.bytes, blocks(1))
  deepEqual(await store.findMissing([a.digest, b.digest]), [a.digest])
})

test('OR-05: outputs that were put in place just now are looked for only where one may have been evicted since', async () => {
  using directory = temporaryDirectory()
  using store = await storeFor(directory.path, 20)
  const [put, found] = [a, b].map((blob) => produce(store, blob))
  ok(put && found)
  const added = [
    { ...put, put: true },
    { ...found, put: false },
  ]
  // Nobody who takes the store's files away unseen is reckoned with, which shows who is looked for.
  for (const { digest } of added) unlinkSync(store.layout.blob(digest))
  const goneOf = async (watched: () => boolean) => (await store.adopt(added, watched)).map(String)
  deepEqual(await goneOf(store.watchForDiscards()), [String(b.digest)])

  const beforeDiscard = store.watchForDiscards()
  store.discard(c.digest)
  deepEqual(
    await goneOf(beforeDiscard),
    [a, b].map(({ digest }) => String(digest)),
  )

  const beforeOther = store.watchForDiscards()
  using _ = Session.open(store.layout.sessions)
  deepEqual(
    await goneOf(beforeOther),
    [a, b].map(({ digest }) => String(digest)),
  )
})

test('a time that is set back keeps nothing longer', async () => {
  using directory = temporaryDirectory()
  let time = 5_000_000
  const clock = { now: () => time, after: () => ({ [Symbol.dispose]() {} }) }
  using store = await LocalStore.open({ dir: directory.path, maxBytes: 4 * KIB, graceMs: GRACE_MS, clock })
  await put(store, a)
  time -= 3_600_000
  equal(await refused(put(store, b)), GRACE_MS)
  time += GRACE_MS
  await put(store, b)
  equal(isOnDisk(store, a), false)
})

test('the space of a store is what its files take', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  const { digest, bytes } = blobOfSize(100 * KIB + 1, 'blocks', SHA256)
  await store.write(digest, bytes)
  equal(store.usage.bytes, blocks(100 * KIB + 1))
})

test.run()
