import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { type Clock, systemClock } from '../observe/index.js'
import type { BlobContent } from './content-addressable-storage.js'
import type { IncomingBlob } from './incoming-blob.js'
import { PartialUpload, takenOver } from './partial-upload.js'
import type { ResumableUploads, Upload } from './resumable-uploads.js'

/** How much of uploads that broke off is kept, and how long; the one that broke off first goes first. */
export interface PartialUploadLimits {
  /** Milliseconds. Default 10 minutes. */
  readonly keepMs?: number
  /** Bytes of all of them together. Default 5 GB; 0 keeps none. */
  readonly keepBytes?: number
  /** How many. Default 1,000: each holds the state of a hash in memory. */
  readonly keepUploads?: number
}

/** Bounds of unfinished uploads, and where they are kept. */
export interface PartialUploadsOptions extends PartialUploadLimits {
  /** Makes the temporary file of an upload; throws `resource-exhausted` where there is no room (BW-13). */
  readonly makeFile: (digest: Digest) => Promise<IncomingBlob>
  readonly clock?: Clock
}

/** What became of uploads since the start. */
export interface PartialUploadCounts {
  /** Broke off, and were kept. */
  kept: number
  /** Went on where they had stopped. */
  resumed: number
  /** Kept until their time was over. */
  expired: number
  /** Kept until others needed the room. */
  displaced: number
}

interface Entry {
  readonly name: string
  readonly partial: PartialUpload
  /** The connection that is at it; undefined while it is only kept. */
  holder: object | undefined
  /** When it broke off, in milliseconds since 1970. */
  since: number
}

const DEFAULT_KEEP_MS = 10 * 60_000
const DEFAULT_KEEP_BYTES = 5e9
const DEFAULT_KEEP_UPLOADS = 1_000

/**
 * Uploads into temporary files of one directory. Those that break off are kept, their descriptors closed, within bounds of
 * age, number and bytes; hostile clients can only push each other's out.
 */
export class PartialUploads implements ResumableUploads, Disposable {
  readonly counts: PartialUploadCounts = { kept: 0, resumed: 0, expired: 0, displaced: 0 }
  readonly #makeFile: (digest: Digest) => Promise<IncomingBlob>
  readonly #keepMs: number
  readonly #keepBytes: number
  readonly #keepUploads: number
  readonly #clock: Clock
  /** Every upload that can be continued, under way or not. */
  readonly #entries = new Map<string, Entry>()
  /** Those that broke off, the first to do so first. */
  readonly #kept = new Set<Entry>()
  #keptBytes = 0
  #timer: Disposable | undefined

  constructor(options: PartialUploadsOptions) {
    this.#makeFile = options.makeFile
    this.#keepMs = options.keepMs ?? DEFAULT_KEEP_MS
    this.#keepBytes = options.keepBytes ?? DEFAULT_KEEP_BYTES
    this.#keepUploads = options.keepUploads ?? DEFAULT_KEEP_UPLOADS
    this.#clock = options.clock ?? systemClock
  }

  /** Uploads that broke off and can be continued, and their bytes. */
  get usage(): { readonly uploads: number; readonly bytes: number } {
    return { uploads: this.#kept.size, bytes: this.#keptBytes }
  }

  receivedSize(name: string): number {
    return this.#entries.get(name)?.partial.promise() ?? 0
  }

  async open(name: string, digest: Digest, offset: number): Promise<Upload> {
    if (offset === 0) return await this.#begin(name, digest)
    const entry = this.#entries.get(name)
    if (!entry?.partial.continuesAt(offset)) throw wrongOffset(digest, offset, entry?.partial.size ?? 0)
    const holder = {}
    // Before waiting: from now on whoever was at it appends nothing more.
    entry.holder = holder
    this.#unkeep(entry)
    await entry.partial.settled()
    if (entry.holder !== holder) throw takenOver(digest)
    if (entry.partial.useless) {
      this.#remove(entry)
      throw wrongOffset(digest, offset, 0)
    }
    this.counts.resumed++
    return this.#hold(entry, holder, entry.partial.size - offset)
  }

  drop(name: string): void {
    const entry = this.#entries.get(name)
    if (entry !== undefined && entry.holder === undefined) this.#remove(entry)
  }

  /** Gives up the one that broke off first, for the room that it takes. False if there is none. */
  displaceOldest(): boolean {
    const [oldest] = this.#kept
    if (oldest === undefined) return false
    this.#remove(oldest)
    this.counts.displaced++
    return true
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    for (const entry of this.#kept) this.#remove(entry)
  }

  /** Somebody else may still be at an upload of this name from its beginning: it goes on, but cannot be continued later. */
  async #begin(name: string, digest: Digest): Promise<Upload> {
    this.drop(name)
    const partial = new PartialUpload(digest, await this.#makeFile(digest))
    this.drop(name)
    const holder = {}
    const entry: Entry = { name, partial, holder, since: 0 }
    this.#entries.set(name, entry)
    return this.#hold(entry, holder, 0)
  }

  #hold(entry: Entry, holder: object, overlap: number): Upload {
    const { partial } = entry
    let skip = overlap
    const append = async (pieces: readonly Uint8Array[]): Promise<void> => {
      if (entry.holder !== holder) throw takenOver(partial.digest)
      // What came from the connection before, after QueryWriteStatus had told how much there is.
      const rest = skip === 0 ? pieces : pieces.map(withoutOverlap)
      await partial.append(rest)
    }
    const withoutOverlap = (piece: Uint8Array): Uint8Array => {
      const rest = piece.subarray(Math.min(skip, piece.length))
      skip -= piece.length - rest.length
      return rest
    }
    const finish = (): BlobContent => {
      if (entry.holder !== holder) throw takenOver(partial.digest)
      return partial.finish()
    }
    const release = (): void => {
      if (entry.holder !== holder) return
      entry.holder = undefined
      if (partial.useless || this.#entries.get(entry.name) !== entry) this.#remove(entry)
      else this.#keep(entry)
    }
    return {
      append,
      finish,
      discard() {
        if (entry.holder === holder) partial.useless = true
      },
      [Symbol.dispose]: release,
    }
  }

  #keep(entry: Entry): void {
    const { size } = entry.partial
    if (size === 0 || size > this.#keepBytes || this.#keepUploads === 0) {
      this.#remove(entry)
      return
    }
    entry.partial.suspend()
    entry.since = this.#clock.now()
    this.#kept.add(entry)
    this.#keptBytes += size
    this.counts.kept++
    while (this.#keptBytes > this.#keepBytes || this.#kept.size > this.#keepUploads) this.displaceOldest()
    this.#timer ??= this.#clock.after(this.#keepMs, () => this.#expire())
  }

  #unkeep(entry: Entry): void {
    if (this.#kept.delete(entry)) this.#keptBytes -= entry.partial.size
  }

  #remove(entry: Entry): void {
    this.#unkeep(entry)
    if (this.#entries.get(entry.name) === entry) this.#entries.delete(entry.name)
    entry.partial.discard()
  }

  #expire(): void {
    this.#timer = undefined
    const now = this.#clock.now()
    for (const entry of this.#kept) {
      const rest = entry.since + this.#keepMs - now
      if (rest > 0) {
        this.#timer = this.#clock.after(rest, () => this.#expire())
        return
      }
      this.#remove(entry)
      this.counts.expired++
    }
  }
}

/** BW-02 */
function wrongOffset(digest: Digest, offset: number, received: number): GoregoError {
  return new GoregoError(
    'invalid-argument',
    `write_offset is ${offset} where ${received} bytes of blob ${digest} are here: start at ${received === 0 ? 0 : `${received}, or at 0`}`,
  )
}
