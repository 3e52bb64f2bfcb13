import type { Digest, DigestFunction } from '../digest/index.js'
import { BlobRows, NONE, readHash } from './blob-rows.js'
import { RowSlots } from './row-slots.js'
import type { BlobVariant } from './store-layout.js'
import { UseOrder } from './use-order.js'

/** Files take whole blocks; counting them so keeps the budget honest with many small blobs. */
const BLOCK = 4096

/** For a blob that was found when the store was opened: used before any that has a time. */
export const BEFORE_ALL = Number.NEGATIVE_INFINITY

/** The longest hash, of 512 bits. */
const MOST_WORDS = 16

const BITS: Record<BlobVariant, number> = { plain: 1, executable: 2 }

/** What the index knew of a blob when it was asked. */
export interface IndexEntry {
  readonly digest: Digest
  readonly plain: boolean
  readonly executable: boolean
  /** When it was last used, by the index's clock; -Infinity if not since the store was opened. */
  readonly usedAt: number
}

/** When a blob was used last, as it is kept over a restart: two words of a hash tell blobs apart well enough for that. */
export interface Use {
  first: number
  second: number
  /** By the index's clock; -Infinity where nobody knows. */
  usedAt: number
}

/**
 * What the store holds, in memory, least recently used first. Every operation is O(1), and a blob takes some 80 bytes
 * (`BlobRows`). The files are the truth: a blob that turns out to be gone from the disk is `remove`d here.
 */
export class BlobIndex {
  readonly #rows = new BlobRows()
  readonly #slots = new Map<DigestFunction, RowSlots>()
  readonly #order = new UseOrder(this.#rows)
  readonly #now: () => number
  /** The hash that is looked for. */
  readonly #hash = new Int32Array(MOST_WORDS)
  #bytes = 0
  #size = 0
  #uses = 0

  /** `now`: milliseconds that never go back. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** The time by the index's clock, in milliseconds. */
  get now(): number {
    return this.#now()
  }

  /** Disk space of everything held, in bytes of whole blocks. */
  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#size
  }

  /** How often anything was used. */
  get uses(): number {
    return this.#uses
  }

  has(digest: Digest): boolean {
    const row = this.#find(digest)
    return row !== NONE && this.#has(row, 'plain')
  }

  /** The blob with a hash, which must be one of the function. All that is held was verified: no two sizes have one hash. */
  digestOf(fn: DigestFunction, hash: string): Digest | undefined {
    readHash(hash, this.#hash)
    const row = this.#slotsOf(fn).find(this.#hash, undefined)
    return row === NONE ? undefined : this.#rows.digest(row)
  }

  /** When it was last used, by the index's clock; undefined if it is not held. */
  usedAt(digest: Digest): number | undefined {
    const row = this.#find(digest)
    return row === NONE ? undefined : this.#rows.usedAt(row)
  }

  /** Whether the blob is held; if so it becomes the most recently used one (FM-04). `now`: the time, for whoever asks for many blobs at once. */
  touch(digest: Digest, now = this.#now()): boolean {
    const row = this.#find(digest)
    if (row === NONE || !this.#has(row, 'plain')) return false
    this.#use(row, now)
    return true
  }

  /** Holds it from now on, if it did not yet; either way it is the most recently used one. */
  add(digest: Digest, variant: BlobVariant): void {
    this.#use(this.#hold(digest, variant))
  }

  /** Holds what was found on the disk; that is no use. */
  load(digest: Digest, variant: BlobVariant): void {
    this.#hold(digest, variant)
  }

  /** False if it was not held. */
  remove(digest: Digest): boolean {
    const row = this.#find(digest)
    if (row === NONE) return false
    const files = Number(this.#has(row, 'plain')) + Number(this.#has(row, 'executable'))
    this.#bytes -= blocks(digest.sizeBytes) * files
    this.#size--
    this.#slotsOf(digest.fn).remove(row)
    this.#order.remove(row)
    this.#rows.release(row)
    return true
  }

  /** The least recently used entry. */
  oldest(): IndexEntry | undefined {
    const row = this.#order.oldest
    return row === NONE ? undefined : this.#entry(row)
  }

  /** Marks all that is held, until it is used. */
  mark(): void {
    this.#order.mark()
  }

  /** Whether anything was not used since `mark`; the least recently used is, then. */
  get hasMarked(): boolean {
    return this.#order.hasMarked
  }

  /**
   * The uses of all blobs, the oldest first, but for those used since this began. Blobs may be used and removed meanwhile; only one
   * such walk at a time. It is the same object each time.
   */
  *usesOldestFirst(): Generator<Readonly<Use>> {
    const begun = this.#now()
    const use: Use = { first: 0, second: 0, usedAt: 0 }
    this.#order.rewind()
    for (let row = this.#order.step(); row !== NONE; row = this.#order.step()) {
      use.usedAt = this.#rows.usedAt(row)
      if (use.usedAt > begun) return
      use.first = this.#rows.hashWord(row, 0)
      use.second = this.#rows.hashWord(row, 1)
      yield use
    }
  }

  /**
   * Remembers a use from before the start, of a blob that was not used since: it becomes the least recently used one, so
   * those that were used last are to come first.
   */
  restore({ first, second, usedAt }: Readonly<Use>): void {
    for (const slots of this.#slots.values()) {
      const row = slots.findByPrefix(first, second)
      if (row === NONE || this.#rows.usedAt(row) !== BEFORE_ALL) continue
      this.#rows.setUsedAt(row, usedAt)
      this.#order.remove(row)
      this.#order.addOldest(row)
    }
  }

  #find({ fn, hash, sizeBytes }: Digest): number {
    readHash(hash, this.#hash)
    return this.#slotsOf(fn).find(this.#hash, sizeBytes)
  }

  #hold(digest: Digest, variant: BlobVariant): number {
    let row = this.#find(digest)
    if (row === NONE) {
      row = this.#rows.add(digest.fn, this.#hash, digest.sizeBytes)
      this.#rows.setUsedAt(row, BEFORE_ALL)
      this.#slotsOf(digest.fn).add(row)
      this.#order.addOldest(row)
      this.#size++
    }
    if (!this.#has(row, variant)) {
      this.#rows.setVariants(row, this.#rows.variants(row) | BITS[variant])
      this.#bytes += blocks(digest.sizeBytes)
    }
    return row
  }

  #use(row: number, now = this.#now()): void {
    this.#uses++
    this.#rows.setUsedAt(row, now)
    this.#order.remove(row)
    this.#order.addNewest(row)
  }

  #has(row: number, variant: BlobVariant): boolean {
    return (this.#rows.variants(row) & BITS[variant]) !== 0
  }

  #entry(row: number): IndexEntry {
    return {
      digest: this.#rows.digest(row),
      plain: this.#has(row, 'plain'),
      executable: this.#has(row, 'executable'),
      usedAt: this.#rows.usedAt(row),
    }
  }

  #slotsOf(fn: DigestFunction): RowSlots {
    let slots = this.#slots.get(fn)
    if (slots === undefined) {
      slots = new RowSlots(this.#rows)
      this.#slots.set(fn, slots)
    }
    return slots
  }
}

/** Space that a blob of that size takes on disk. */
export function blocks(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK) * BLOCK
}
