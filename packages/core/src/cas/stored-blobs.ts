import { constants, lstatSync, unlinkSync } from 'node:fs'
import { copyFile, rm } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Digest, type DigestFunction, emptyDigest, isEmptyBlob } from '../digest/index.js'
import {
  type BlobIndex,
  type BlobVariant,
  type IndexEntry,
  type IndexLoader,
  ifThere,
  moveInto,
  type StoreLayout,
  sealFile,
} from '../disk/index.js'
import type { Clock } from '../observe/index.js'
import { type FileState, openIntact, stateOfFile } from './blob-file-reader.js'
import { findOnDisk } from './find-on-disk.js'
import { blobNotFound } from './missing-blobs.js'

/** How many absent blobs are looked for on the disk, at some 4 µs each, before other work gets a turn. */
export const LOOK_UPS_A_TURN = 500

export interface StoredBlobsOptions {
  readonly layout: StoreLayout
  readonly index: BlobIndex
  readonly loader: IndexLoader
  /** Whether no other process has had the store open since before the loader began. */
  readonly isAlone: () => boolean
}

/**
 * The files of a store and the index that remembers them. The files are the truth: whatever is seen of them brings the index in line, and
 * one that was cut short or written to is thrown out. What is found is used, which makes it younger.
 */
export class StoredBlobs {
  readonly #layout: StoreLayout
  readonly #index: BlobIndex
  readonly #loader: IndexLoader
  readonly #isAlone: () => boolean
  /** How often a blob was thrown out. */
  #discards = 0

  constructor({ layout, index, loader, isAlone }: StoredBlobsOptions) {
    this.#layout = layout
    this.#index = index
    this.#loader = loader
    this.#isAlone = isAlone
  }

  /**
   * Those that are not there, each once. The disk is asked about what the index does not have, unless nobody could have stored that
   * unseen: with 100 of 1,000 absent, that was a quarter of what a look-up cost.
   */
  async findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    const unknown = this.#useKnown(digests)
    if (unknown.length === 0 || (this.#loader.isComplete && this.#isAlone())) return unknown
    return await this.#notOnDisk(unknown, signal)
  }

  /** As `findMissing`, for processes that put files in place themselves: the disk is asked. */
  async findNotOnDisk(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    return await this.#notOnDisk(this.#useKnown(digests), signal)
  }

  /** Opens a blob's file to read from. Throws `not-found`. */
  open(digest: Digest): number {
    const opened = openIntact(this.#layout.blob(digest), digest.sizeBytes)
    this.#note(digest, typeof opened === 'string' ? opened : 'intact')
    if (typeof opened === 'string') throw blobNotFound(digest)
    return opened.fd
  }

  /** What the disk says, whatever the index says. */
  isStored(digest: Digest): boolean {
    if (isEmptyBlob(digest)) return true
    const state = stateOfFile(this.#layout.blob(digest), digest.sizeBytes)
    this.#note(digest, state)
    return state === 'intact'
  }

  /** As `isStored`, for a blob that was put in place; the disk is not asked where it is known to be there still. */
  count(digest: Digest, isThere: boolean): boolean {
    if (!isThere) return this.isStored(digest)
    this.#index.add(digest, 'plain')
    return true
  }

  /**
   * As `isStored`, for somebody who would store it: where the index has everything, the disk is not asked about what it does
   * not have. What another process stored since is stored once more, with the same bytes.
   */
  isKnown(digest: Digest): boolean {
    return (!this.#loader.isComplete || this.#index.has(digest) || isEmptyBlob(digest)) && this.isStored(digest)
  }

  /** A blob by its hash. Until all are counted, the disk is asked for what is not known yet. */
  async find(fn: DigestFunction, hash: string): Promise<Digest | undefined> {
    const nothing = emptyDigest(fn)
    if (hash === nothing.hash) return nothing
    let digest = this.#index.digestOf(fn, hash)
    if (digest === undefined && !this.#loader.isComplete) digest = await findOnDisk(this.#layout, fn, hash)
    return digest !== undefined && this.isStored(digest) ? digest : undefined
  }

  /**
   * A blob's own file, the executable one of the two if that is wanted, which is made by way of `temporary` where it is not there. Undefined for the
   * blob of no bytes, which has none. Throws `not-found`.
   */
  async file(digest: Digest, variant: BlobVariant, temporary: string): Promise<string | undefined> {
    if (isEmptyBlob(digest)) return undefined
    if (!this.isStored(digest)) throw blobNotFound(digest)
    const file = this.#layout.blob(digest, variant)
    if (variant === 'plain' || stateOfFile(file, digest.sizeBytes) === 'intact') return file
    try {
      // As a clone, where the file system can.
      await copyFile(this.#layout.blob(digest), temporary, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
      sealFile(temporary, variant)
      moveInto(temporary, file)
    } finally {
      await rm(temporary, { force: true })
    }
    // What was copied was whole before; it is what counts that it still is.
    if (!this.isStored(digest)) throw blobNotFound(digest)
    this.#index.add(digest, variant)
    return file
  }

  /** Throws a blob out, whatever its files hold by now. */
  discard(digest: Digest): void {
    this.#discards++
    this.#index.remove(digest)
    this.#loader.removed(digest)
    this.#unlink(digest, 'plain')
    this.#unlink(digest, 'executable')
  }

  /** Returns what tells whether nothing can have been thrown out since, by us or by another process. */
  watchForDiscards(): () => boolean {
    const before = this.#discards
    return () => this.#discards === before && this.#isAlone()
  }

  /**
   * For how long a blob has been stored, in milliseconds. The change time is that of the last link made or removed, or of when the file
   * became whole: the blob was used then.
   */
  storedFor({ digest, plain }: IndexEntry, clock: Clock): number {
    const stats = lstatSync(this.#layout.blob(digest, plain ? 'plain' : 'executable'), { throwIfNoEntry: false })
    // Either way: the two clocks differ by a fraction of a millisecond, and one that was set back must keep nothing for long.
    return stats === undefined ? Number.POSITIVE_INFINITY : Math.abs(clock.now() - stats.ctimeMs)
  }

  /** Those that the index does not have; the others are used. */
  #useKnown(digests: readonly Digest[]): Digest[] {
    const { now } = this.#index
    const unknown = new Map<string, Digest>()
    for (const digest of digests) {
      if (!this.#index.touch(digest, now) && !isEmptyBlob(digest)) unknown.set(digest.key, digest)
    }
    return [...unknown.values()]
  }

  async #notOnDisk(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    const missing: Digest[] = []
    for (const digest of digests) {
      if (this.isStored(digest)) continue
      if (missing.push(digest) % LOOK_UPS_A_TURN === 0) await nextTurn(undefined, { signal })
    }
    return missing
  }

  #note(digest: Digest, state: FileState): void {
    if (state === 'intact') this.#index.add(digest, 'plain')
    else if (state === 'altered' || this.#index.remove(digest)) this.discard(digest)
  }

  #unlink(digest: Digest, variant: BlobVariant): void {
    ifThere(() => unlinkSync(this.#layout.blob(digest, variant)))
  }
}
