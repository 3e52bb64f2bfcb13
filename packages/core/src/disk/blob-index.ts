import type { Digest } from '../digest/index.js'
import type { BlobVariant } from './store-layout.js'

/** Files take whole blocks; counting them so keeps the budget honest with many small blobs. */
const BLOCK = 4096

/** For a blob that was found when the store was opened: used before any that has a time. */
const BEFORE_ALL = Number.NEGATIVE_INFINITY

export interface IndexEntry {
  readonly digest: Digest
  plain: boolean
  executable: boolean
  /** When it was last used, by the index's clock; -Infinity if not since the store was opened. */
  usedAt: number
}

/**
 * What the store holds, in memory, least recently used first (a Map keeps the order in which keys were set). Every
 * operation is O(1). The files are the truth: a blob that turns out to be gone from the disk is `remove`d here.
 */
export class BlobIndex {
  readonly #entries = new Map<string, IndexEntry>()
  readonly #now: () => number
  #bytes = 0

  /** `now`: milliseconds that never go back. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Disk space of everything held, in bytes of whole blocks. */
  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#entries.size
  }

  has(digest: Digest): boolean {
    return this.#entries.get(digest.key)?.plain === true
  }

  /** When it was last used, by the index's clock; undefined if it is not held. */
  usedAt(digest: Digest): number | undefined {
    return this.#entries.get(digest.key)?.usedAt
  }

  /** Whether the blob is held; if so it becomes the most recently used one (FM-04). */
  touch(digest: Digest): boolean {
    const entry = this.#entries.get(digest.key)
    if (entry?.plain !== true) return false
    this.#use(entry)
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

  remove(digest: Digest): IndexEntry | undefined {
    const entry = this.#entries.get(digest.key)
    if (entry === undefined) return undefined
    this.#entries.delete(digest.key)
    this.#bytes -= blocks(digest.sizeBytes) * (Number(entry.plain) + Number(entry.executable))
    return entry
  }

  /** The least recently used entry. */
  oldest(): IndexEntry | undefined {
    return this.#entries.values().next().value
  }

  #hold(digest: Digest, variant: BlobVariant): IndexEntry {
    let entry = this.#entries.get(digest.key)
    if (entry === undefined) {
      entry = { digest, plain: false, executable: false, usedAt: BEFORE_ALL }
      this.#entries.set(digest.key, entry)
    }
    if (!entry[variant]) {
      entry[variant] = true
      this.#bytes += blocks(digest.sizeBytes)
    }
    return entry
  }

  #use(entry: IndexEntry): void {
    entry.usedAt = this.#now()
    this.#entries.delete(entry.digest.key)
    this.#entries.set(entry.digest.key, entry)
  }
}

/** Space that a blob of that size takes on disk. */
export function blocks(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK) * BLOCK
}
