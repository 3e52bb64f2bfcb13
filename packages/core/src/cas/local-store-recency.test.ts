// What was used last is known after a restart.
import { deepEqual, equal } from 'node:assert/strict'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { test } from 'uvu'
import { StoreLayout } from '../disk/index.js'
import { blobOf, FakeClock, type TestBlob, temporaryDirectory } from '../testing/index.js'
import { until } from '../testing/until.js'
import { LocalStore } from './local-store.js'
import type { LocalStoreOptions } from './local-store-options.js'

const BLOCK = 4096
const MINUTE_MS = 60_000
const blobs = Array.from({ length: 8 }, (_, n) => blobOf(`blob ${n}`))
const [a, b, c, d] = blobs as [TestBlob, TestBlob, TestBlob, TestBlob]

const put = (store: LocalStore, { digest, bytes }: TestBlob) => store.write(digest, bytes)
const isOnDisk = (store: LocalStore, { digest }: TestBlob) => existsSync(store.layout.blob(digest))

async function reopened(options: LocalStoreOptions): Promise<LocalStore> {
  const store = await LocalStore.open(options)
  await store.loaded
  return store
}

/** Evicts one after the other; returns the blobs in the order in which they went. */
async function evicted(store: LocalStore): Promise<TestBlob[]> {
  const order: TestBlob[] = []
  let left = blobs.filter((blob) => isOnDisk(store, blob))
  while (left.length > 0) {
    await store.room.shrink(1)
    order.push(...left.filter((blob) => !isOnDisk(store, blob)))
    left = left.filter((blob) => isOnDisk(store, blob))
  }
  return order
}

test('whatever was used in whatever order, over restarts, it goes in the order of its last use', async () => {
  const uses = fc.array(fc.nat(blobs.length - 1), { minLength: 1, maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(fc.array(uses, { minLength: 1, maxLength: 4 }), async (lives) => {
      using directory = temporaryDirectory()
      const clock = new FakeClock()
      let order: number[] = []
      for (const life of lives) {
        using store = await reopened({ dir: directory.path, graceMs: 0, clock })
        for (const n of life) {
          clock.advance(1)
          await put(store, blobs[n] as TestBlob)
          order = [...order.filter((other) => other !== n), n]
        }
      }
      using store = await reopened({ dir: directory.path, graceMs: 0, clock })
      deepEqual(
        (await evicted(store)).map((blob) => blobs.indexOf(blob)),
        order,
      )
    }),
    { numRuns: 25 },
  )
})

test('FM-04: what was found before a restart is kept for the rest of its grace after it', async () => {
  using directory = temporaryDirectory()
  const clock = new FakeClock()
  const options = { dir: directory.path, maxBytes: 2 * BLOCK, graceMs: MINUTE_MS, clock }
  {
    using store = await reopened(options)
    await put(store, a)
    await put(store, b)
    clock.advance(MINUTE_MS - 5000)
    deepEqual(await store.findMissing([a.digest]), [])
  }
  clock.advance(10_000)
  using store = await reopened(options)
  await put(store, c)
  await put(store, d).catch((error) => equal(error.code, 'resource-exhausted'))
  deepEqual(
    [a, b, c, d].map((blob) => isOnDisk(store, blob)),
    [true, false, true, false],
  )
})

test('a killed process loses a few minutes of it: what it stored meanwhile counts as newer than what was written', async () => {
  using directory = temporaryDirectory()
  const clock = new FakeClock()
  const options = { dir: directory.path, graceMs: 0, clock }
  {
    using killed = await reopened(options)
    for (const blob of [a, b, c]) {
      clock.advance(1)
      await put(killed, blob)
    }
    clock.advance(1)
    deepEqual(await killed.findMissing([a.digest]), [])
    clock.advance(6 * MINUTE_MS)
    await until('uses are written', () => existsSync(killed.layout.recency))
    await put(killed, d)
    // What it would write at its end.
    const earlier = readFileSync(killed.layout.recency)
    killed[Symbol.dispose]()
    writeFileSync(killed.layout.recency, earlier)
  }
  using store = await reopened(options)
  deepEqual(await evicted(store), [b, c, a, d])
})

for (const [what, garbled] of Object.entries({
  'is gone': undefined,
  'is empty': '',
  'is something else': 'something else entirely, and rather long',
  'ends in the middle of a record': 'gorego recency 1\x01\x02\x03\x04\x05',
  'has records that mean nothing': `gorego recency 1${'\xff'.repeat(120)}${'\0'.repeat(120)}`,
})) {
  test(`a store whose record of uses ${what} serves all that it has`, async () => {
    using directory = temporaryDirectory()
    const options = { dir: directory.path, graceMs: 0 }
    {
      using store = await reopened(options)
      for (const blob of [a, b]) await put(store, blob)
    }
    const { recency } = new StoreLayout(directory.path)
    rmSync(recency)
    if (garbled !== undefined) writeFileSync(recency, garbled, 'latin1')
    using store = await reopened(options)
    deepEqual(await store.findMissing([a.digest, b.digest, c.digest]), [c.digest])
  })
}

test('a time from the future keeps a blob no longer than any other', async () => {
  using directory = temporaryDirectory()
  const late = new FakeClock(2e12)
  {
    using store = await reopened({ dir: directory.path, clock: late })
    await put(store, a)
  }
  const clock = new FakeClock(1e12)
  using store = await reopened({ dir: directory.path, maxBytes: BLOCK, graceMs: MINUTE_MS, clock })
  clock.advance(MINUTE_MS)
  await put(store, b)
  equal(isOnDisk(store, a), false)
})

test.run()
