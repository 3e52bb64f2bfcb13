import type { Digest } from '../digest/index.js'
import type { BlobVariant } from './store-layout.js'

/** Files take whole blocks; counting them so keeps the budget honest with many small blobs. */
const BLOCK = 4096

export interface IndexEntry {
  readonly digest: Digest
  plain: boolean
  executable: boolean
}

/**
 * What the store holds, in memory, least recently used first (a Map keeps the order in which keys were set). Every
 * operation is O(1). The files are the truth: a blob that turns out to be gone from the disk is `remove`d here.
 */
export class BlobIndex {
  readonly #entries = new Map<string, IndexEntry>()
  #bytes = 0

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

  /** Whether the blob is held; if so it becomes the most recently used one (FM-04). */
  touch(digest: Digest): boolean {
    const entry = this.#entries.get(digest.key)
    if (entry?.plain !== true) return false
    this.#entries.delete(digest.key)
    this.#entries.set(digest.key, entry)
    return true
  }

  add(digest: Digest, variant: BlobVariant): void {
    const entry = this.#entries.get(digest.key) ?? { digest, plain: false, executable: false }
    if (!entry[variant]) {
      entry[variant] = true
      this.#bytes += blocks(digest.sizeBytes)
    }
    this.#entries.delete(digest.key)
    this.#entries.set(digest.key, entry)
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
}

/** Space that a blob of that size takes on disk. */
export function blocks(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BLOCK) * BLOCK
}
