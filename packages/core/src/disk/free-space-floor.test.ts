import { equal, ok } from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'uvu'
import { blobOf, FakeClock } from '../testing/index.js'
import { BlobIndex, type IndexEntry } from './blob-index.js'
import { DiskBudget } from './disk-budget.js'
import { freeBytes } from './free-bytes.js'
import { FreeSpaceFloor } from './free-space-floor.js'

const BLOCK = 4096

/** A disk of 100 blocks, of which 10 are to stay free, and a budget that would be larger. */
class Disk {
  readonly clock = new FakeClock()
  readonly index = new BlobIndex(() => this.clock.now())
  readonly evicted: string[] = []
  othersBlocks = 0
  counting: Promise<void> | undefined
  asked = 0
  /** Blocks of ours on the disk; the index may not know of all yet. */
  ours = 0
  readonly budget: DiskBudget = new DiskBudget({
    name: 'a disk',
    index: this.index,
    maxBytes: 1000 * BLOCK,
    floor: new FreeSpaceFloor({
      freeBytes: () => {
        this.asked++
        return (100 - this.othersBlocks - this.ours) * BLOCK
      },
      minFreeBytes: 10 * BLOCK,
      usedBytes: () => this.budget.usedBytes,
      now: () => this.clock.now(),
    }),
    graceMs: 0,
    now: () => this.clock.now(),
    evict: (entry) => this.#evict(entry),
    storedFor: () => 0,
    counting: () => this.counting,
  })

  add(name: string, known = true): void {
    this.ours++
    if (known) this.count(name)
  }

  count(name: string): void {
    this.index.add(blobOf(name).digest, 'plain')
    this.clock.advance(1)
  }

  #evict({ digest }: IndexEntry): void {
    this.evicted.push(digest.key)
    this.index.remove(digest)
    this.ours--
  }
}

const names = (count: number) => Array.from({ length: count }, (_, n) => `blob ${n}`)

test('what is ours may grow until the floor is reached', async () => {
  const disk = new Disk()
  for (const name of names(89)) disk.add(name)
  equal(await disk.budget.makeRoom(), 0)
  equal(disk.evicted.length, 0)
  equal(disk.budget.limitBytes, 90 * BLOCK)
  ok(disk.budget.fits(BLOCK))
  ok(!disk.budget.fits(2 * BLOCK))
})

test('what others take goes off what we may have: the least recently used first', async () => {
  const disk = new Disk()
  for (const name of names(50)) disk.add(name)
  disk.othersBlocks = 60
  equal(await disk.budget.makeRoom(), 0)
  disk.clock.advance(1000)
  equal(await disk.budget.makeRoom(), 0)
  equal(
    disk.evicted.join(),
    names(20)
      .map((name) => blobOf(name).digest.key)
      .join(),
  )
})

test('nothing is evicted for what was ours all the time, and is counted only now', async () => {
  const disk = new Disk()
  let counted = () => {}
  disk.counting = new Promise((resolve) => {
    counted = resolve
  })
  for (const name of names(80)) disk.add(name, false)
  ok(disk.budget.fits(BLOCK))
  for (const name of names(40)) disk.count(name)
  ok(!disk.budget.isAbove(1))
  disk.counting = undefined
  counted()
  // The disk is asked when half is counted; the rest comes before it is asked again by itself.
  equal(disk.budget.limitBytes, 50 * BLOCK)
  for (const name of names(80).slice(40)) disk.index.add(blobOf(name).digest, 'plain')
  ok(!disk.budget.isAbove(1))
  equal(await disk.budget.makeRoom(), 0)
  equal(disk.evicted.length, 0)
})

test('the disk is asked once a second, not for every write', () => {
  const disk = new Disk()
  for (let n = 0; n < 1000; n++) disk.budget.fits(1)
  equal(disk.asked, 1)
  disk.clock.advance(1000)
  disk.budget.fits(1)
  equal(disk.asked, 2)
})

test('a disk says what is free; one that cannot be asked or counts nothing has no end', () => {
  ok(freeBytes(tmpdir()) > 0)
  equal(freeBytes('/no/such/place'), Number.POSITIVE_INFINITY)
})

test.run()
