// Room that is made before it is asked for, and what stays free for others.
import { deepEqual, equal, match } from 'node:assert/strict'
import { statfsSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'uvu'
import type { Watermarks } from '../disk/index.js'
import { blobOf, FakeClock, type TestBlob, temporaryDirectory } from '../testing/index.js'
import { LocalStore } from './local-store.js'

const BLOCK = 4096
const GRACE_MS = 10_000

const someBlobs = (count: number): TestBlob[] => Array.from({ length: count }, (_, n) => blobOf(`blob ${n}`))

/** Of a hundred blobs. */
const storeWith = (watermarks: Watermarks, dir: string, clock: FakeClock) =>
  LocalStore.open({ dir, maxBytes: 100 * BLOCK, graceMs: GRACE_MS, watermarks, clock })

async function fill(store: LocalStore, blobs: readonly TestBlob[]): Promise<void> {
  for (const { digest, bytes } of blobs) await store.write(digest, bytes)
}

/** Time passes, and what is begun by that comes to its end: then everything waits for its next time again. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  const { pending } = clock
  clock.advance(ms)
  while (clock.pending < pending) await nextTurn()
}

const freeBytes = (path: string) => {
  const { bsize, bfree, bavail } = statfsSync(path)
  return (process.geteuid?.() === 0 ? bfree : bavail) * bsize
}

test('from the high watermark on room is made down to the low one, of what is not used any more', async () => {
  using directory = temporaryDirectory()
  const clock = new FakeClock()
  const watermarks = { high: 0.9, low: 0.5 }
  using store = await storeWith(watermarks, directory.path, clock)
  const blobs = someBlobs(95)
  await fill(store, blobs.slice(0, 89))
  await store.loaded
  await pass(clock, GRACE_MS)
  equal(store.usage.blobs, 89)

  await fill(store, blobs.slice(89))
  await pass(clock, 1000)
  equal(store.usage.blobs, 50)
  equal(store.evictions, 45)
  const missing = await store.findMissing(blobs.map(({ digest }) => digest))
  deepEqual(
    missing.map(({ key }) => key),
    blobs.slice(0, 45).map(({ digest }) => digest.key),
  )
})

test('what somebody relies on stays, watermark or not', async () => {
  using directory = temporaryDirectory()
  const clock = new FakeClock()
  const watermarks = { high: 0.1, low: 0 }
  using store = await storeWith(watermarks, directory.path, clock)
  await fill(store, someBlobs(50))
  await store.loaded
  await pass(clock, GRACE_MS - 1)
  equal(store.usage.blobs, 50)
})

test('watermarks that make no sense are refused', async () => {
  using directory = temporaryDirectory()
  for (const watermarks of [
    { high: 0.5, low: 0.6 },
    { high: 1.1, low: 0.5 },
    { high: 0.5, low: Number.NaN },
  ]) {
    const open = LocalStore.open({ dir: directory.path, watermarks })
    match(String(await open.catch((error) => error)), /per cent down to/)
  }
})

test('a cache has no more than leaves the floor free on its disk', async () => {
  using directory = temporaryDirectory()
  const clock = new FakeClock()
  const others = 1e9
  // All that is free but for a gigabyte that tests at the same time may take or give back.
  const minFreeBytes = freeBytes(directory.path) + others
  using store = await LocalStore.open({ dir: directory.path, graceMs: GRACE_MS, minFreeBytes, clock })
  await store.loaded
  const { digest, bytes } = blobOf('one too many')
  const refusal = await store.write(digest, bytes).catch((error) => error)
  match(String(refusal), /do not fit into the 0 that it may have so that \d+ stay free on its disk/)
  equal(refusal.code, 'resource-exhausted')
  equal(store.usage.blobs, 0)
})

test('when others fill the disk, what is not used any more goes', async () => {
  using directory = temporaryDirectory()
  const clock = new FakeClock()
  const blobs = someBlobs(10)
  {
    using store = await LocalStore.open({ dir: directory.path, graceMs: GRACE_MS, clock })
    await fill(store, blobs)
  }
  clock.advance(GRACE_MS)
  const minFreeBytes = freeBytes(directory.path) + 1e9
  using store = await LocalStore.open({ dir: directory.path, graceMs: 0, minFreeBytes, clock })
  await store.loaded
  while (store.usage.blobs > 0) await nextTurn()
})

test('a floor that is far away changes nothing', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path, minFreeBytes: 1 })
  await fill(store, someBlobs(10))
  await store.loaded
  equal(store.usage.blobs, 10)
})

test.run()
