import type { Digest } from '../digest/index.js'
import type { BlobVariant, Watermarks } from '../disk/index.js'
import type { Clock } from '../observe/index.js'
import type { PartialUploadLimits } from './partial-uploads.js'

/** Where a store is on disk, and how much it may hold. */
export interface LocalStoreOptions {
  /** Everything lies below it; made if absent. */
  readonly dir: string
  /**
   * Disk space for blobs, uploads and action results, in bytes of whole blocks; the least recently used blobs make room. Results
   * may take a tenth of it, and those used longest ago go. Default 50 GB.
   */
  readonly maxBytes?: number
  /**
   * For so long after a blob was stored, found or read it is not evicted, in milliseconds: whoever was told that it is
   * there relies on it. When nothing may go, writes are refused with `resource-exhausted`. Default 5 minutes.
   */
  readonly graceMs?: number
  /** So many bytes of the disk stay free for others, if evicting can do it: blobs and results may then have less than `maxBytes`. Default 0. */
  readonly minFreeBytes?: number
  /** From which part of that on room is made in the background, and down to which. Default: only when it is needed. */
  readonly watermarks?: Watermarks
  /** What is kept of uploads that break off. */
  readonly partialUploads?: PartialUploadLimits
  /** Tells how long ago a blob was used. */
  readonly clock?: Clock
}

/** How full a store is. */
export interface StoreUsage {
  /** Disk space that blobs, uploads under way and action results take, in bytes of whole blocks. */
  readonly bytes: number
  readonly maxBytes: number
  readonly blobs: number
  /** False while what was in the directory at the start is still being counted. */
  readonly complete: boolean
}

/** A file that a runner put in place. */
export interface AddedBlob {
  readonly digest: Digest
  readonly variant: BlobVariant
  /** False for one that it found there. Default: not known. */
  readonly put?: boolean
}
