import { deepEqual, equal } from 'node:assert/strict'
import { existsSync, lstatSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import { LocalActionCache } from '../action-cache/index.js'
import { LocalStore } from '../cas/index.js'
import { blobOf, FakeClock, temporaryDirectory } from '../testing/index.js'
import { ResultJanitor } from './result-janitor.js'
import { StoreLayout } from './store-layout.js'

const BLOCK = 4096
const HOUR_MS = 3_600_000
const key = (n: number) => ({ instance: n % 2 === 0 ? 'even' : '', action: blobOf(`action ${n}`).digest })

function rig(dir: string, maxBytes: number, clock = new FakeClock()) {
  const layout = new StoreLayout(dir)
  const temporary = join(dir, 'temporary')
  mkdirSync(temporary, { recursive: true })
  const cache = new LocalActionCache(layout, temporary)
  const after = (ms: number, callback: () => void) => clock.after(ms, callback)
  const janitor = new ResultJanitor({ layout, maxBytes, graceMs: HOUR_MS / 2, now: () => clock.now(), after })
  return { layout, cache, janitor, clock }
}

/** Stores so many results, the n-th used n hours ago. */
async function stored({ layout, cache, clock }: ReturnType<typeof rig>, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await cache.put(key(n), Buffer.from(`result ${n}`))
    const usedAt = (clock.now() - n * HOUR_MS) / 1000
    utimesSync(layout.actionResult(key(n).instance, key(n).action), usedAt, usedAt)
  }
}

const kept = (layout: StoreLayout, count: number) =>
  Array.from({ length: count }, (_, n) => n).filter((n) =>
    existsSync(layout.actionResult(key(n).instance, key(n).action)),
  )

test('results that fit stay; those that do not go, the ones used longest ago first, of whatever instance', async () => {
  using directory = temporaryDirectory()
  const parts = rig(directory.path, 10 * BLOCK)
  using janitor = parts.janitor
  await stored(parts, 10)
  await janitor.tidy()
  deepEqual([kept(parts.layout, 10).length, janitor.removed, janitor.usage.bytes], [10, 0, 10 * BLOCK])
  await stored(parts, 15)
  await janitor.tidy()
  deepEqual(kept(parts.layout, 15), [0, 1, 2, 3, 4, 5, 6, 7, 8])
  deepEqual(janitor.usage, { bytes: 9 * BLOCK, results: 9 })
  equal(janitor.removed, 6)
})

test('what was used within the grace stays, however much there is', async () => {
  using directory = temporaryDirectory()
  const parts = rig(directory.path, 0)
  using janitor = parts.janitor
  await stored(parts, 5)
  await janitor.tidy()
  deepEqual(kept(parts.layout, 5), [0])
})

test('getting a result is a use of it', async () => {
  using directory = temporaryDirectory()
  const parts = rig(directory.path, 3 * BLOCK, new FakeClock(Date.now()))
  using janitor = parts.janitor
  await stored(parts, 6)
  const { mtimeMs } = lstatSync(parts.layout.actionResult(key(0).instance, key(0).action))
  await parts.cache.get(key(0))
  equal(lstatSync(parts.layout.actionResult(key(0).instance, key(0).action)).mtimeMs, mtimeMs, 'not each time')
  await parts.cache.get(key(5))
  await janitor.tidy()
  deepEqual(kept(parts.layout, 6), [0, 5])
})

test('it looks by itself, and removes directories that have long been empty', async () => {
  using directory = temporaryDirectory()
  const parts = rig(directory.path, 0, new FakeClock(Date.now() + 3 * HOUR_MS))
  using janitor = parts.janitor
  await parts.cache.put(key(1), Buffer.from('old'))
  const usedAt = Date.now() / 1000
  utimesSync(parts.layout.actionResult('', key(1).action), usedAt, usedAt)
  await janitor.tidy()
  await janitor.tidy()
  deepEqual(readdirSync(parts.layout.results), [])
})

test('a directory that has just become empty stays: somebody may be about to put a result there', async () => {
  using directory = temporaryDirectory()
  const parts = rig(directory.path, 0, new FakeClock(Date.now()))
  using janitor = parts.janitor
  const path = parts.layout.actionResult('', key(1).action)
  mkdirSync(dirname(path), { recursive: true })
  await janitor.tidy()
  equal(existsSync(dirname(path)), true)
})

test('what lies in the directory that is no result is let be, and no link is followed', async () => {
  using directory = temporaryDirectory()
  using elsewhere = temporaryDirectory()
  const parts = rig(directory.path, 0)
  using janitor = parts.janitor
  mkdirSync(join(elsewhere.path, 'sha256', 'ab'), { recursive: true })
  writeFileSync(join(elsewhere.path, 'sha256', 'ab', 'file'), 'somebody’s')
  utimesSync(join(elsewhere.path, 'sha256', 'ab', 'file'), 1, 1)
  mkdirSync(parts.layout.results)
  symlinkSync(elsewhere.path, join(parts.layout.results, 'i-'))
  writeFileSync(join(parts.layout.results, 'file'), '')
  await janitor.tidy()
  equal(existsSync(join(elsewhere.path, 'sha256', 'ab', 'file')), true)
  deepEqual(readdirSync(parts.layout.results).sort(), ['file', 'i-'])
})

test('one that is stopped starts nothing more', () => {
  const clock = new FakeClock()
  const parts = rig('/nowhere', 0, clock)
  parts.janitor[Symbol.dispose]()
  equal(clock.pending, 0)
})

test('results count for a store, and make its blobs go', async () => {
  using directory = temporaryDirectory()
  const clock = new FakeClock()
  using store = await LocalStore.open({ dir: directory.path, maxBytes: 20 * BLOCK, graceMs: 0, clock })
  await store.loaded
  for (let n = 0; n < 20; n++) await store.write(blobOf(`${n}`).digest, blobOf(`${n}`).bytes)
  const results = new LocalActionCache(store.layout, store.workDirectory('results'))
  for (let n = 0; n < 2; n++) await results.put(key(n), Buffer.from('result'))
  clock.advance(1000)
  while (store.results.results < 2) await new Promise((resolve) => setImmediate(resolve))
  equal(store.usage.bytes, 22 * BLOCK)
  await store.write(blobOf('new').digest, blobOf('new').bytes)
  deepEqual([store.usage.bytes, store.usage.blobs], [20 * BLOCK, 18])
})

test.run()
