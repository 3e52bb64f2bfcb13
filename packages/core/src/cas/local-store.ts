import { mkdirSync, readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Digest, type DigestFunction, DigestingCheck, digestFunctions, isEmptyBlob } from '../digest/index.js'
import { BlobIndex, type BlobVariant, blocks, parseBlobName, Session, StoreLayout, shardNames } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { type FileState, openIntact, readChunks, readWhole, SMALL_BLOB, stateOfFile } from './blob-file-reader.js'
import { BlobFileWriter } from './blob-file-writer.js'
import type { BlobContent, ByteRange, ContentAddressableStorage } from './content-addressable-storage.js'
import { blobNotFound } from './missing-blobs.js'

export interface LocalStoreOptions {
  /** Everything lies below it; made if absent. */
  readonly dir: string
  /** Disk space for blobs, in bytes of whole blocks; the least recently used ones make room. Default 50 GB. */
  readonly maxBytes?: number
}

const DEFAULT_MAX_BYTES = 50e9

/** How many absent blobs are looked for on the disk, at some 4 µs each, before other work gets a turn. */
const LOOK_UPS_A_TURN = 500

/** How many shards are listed before other work gets a turn. */
const SHARDS_A_TURN = 8

/**
 * Blobs as files: one file a blob, sharded by the first byte of the hash, written to a temporary file, verified and
 * renamed, so that whoever is killed at any point leaves either the whole blob or nothing. An index in memory, loaded
 * from the directory listings at start, answers look-ups and knows what was used last. The files are the truth: one
 * that another process sharing the directory stored is found, one that is gone, cut short or was written to counts as
 * absent. Runner processes read and add files in the same layout by themselves and report what they added (`adopt`).
 */
export class LocalStore implements ContentAddressableStorage, Disposable {
  readonly layout: StoreLayout
  readonly #index = new BlobIndex()
  readonly #maxBytes: number
  readonly #session: Session
  readonly #temporary: string
  #uploads = 0

  private constructor(options: LocalStoreOptions) {
    this.layout = new StoreLayout(options.dir)
    this.#maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES
    this.#session = Session.open(this.layout.sessions)
    this.#temporary = this.#session.directory('upload')
  }

  static async open(options: LocalStoreOptions): Promise<LocalStore> {
    const store = new LocalStore(options)
    try {
      await store.#load()
      return store
    } catch (error) {
      store[Symbol.dispose]()
      throw error
    }
  }

  /** Disk space that blobs take, in bytes of whole blocks, and how many there are. */
  get usage(): { readonly bytes: number; readonly maxBytes: number; readonly blobs: number } {
    return { bytes: this.#index.bytes, maxBytes: this.#maxBytes, blobs: this.#index.size }
  }

  async findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    const missing = new Map<string, Digest>()
    for (const digest of digests) {
      if (this.#index.touch(digest) || missing.has(digest.key) || this.#isStored(digest)) continue
      missing.set(digest.key, digest)
      if (missing.size % LOOK_UPS_A_TURN === 0) await nextTurn(undefined, { signal })
    }
    return [...missing.values()]
  }

  async get(digest: Digest, signal?: AbortSignal): Promise<Uint8Array> {
    if (isEmptyBlob(digest)) return new Uint8Array(0)
    const fd = this.#open(digest)
    if (digest.sizeBytes <= SMALL_BLOB) return readWhole(fd, digest.sizeBytes)
    const chunks: Uint8Array[] = []
    for await (const chunk of readChunks(fd, digest.sizeBytes, {}, signal)) chunks.push(chunk)
    return Buffer.concat(chunks, digest.sizeBytes)
  }

  async *read(digest: Digest, range: ByteRange = {}, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    if (isEmptyBlob(digest)) return
    const fd = this.#open(digest)
    if (digest.sizeBytes > SMALL_BLOB) {
      yield* readChunks(fd, digest.sizeBytes, range, signal)
      return
    }
    const start = range.offset ?? 0
    const chunk = readWhole(fd, digest.sizeBytes).subarray(
      start,
      range.length === undefined ? undefined : start + range.length,
    )
    if (chunk.length > 0) yield chunk
  }

  async write(digest: Digest, content: BlobContent, signal?: AbortSignal): Promise<void> {
    const check = new DigestingCheck(digest)
    if (content instanceof Uint8Array) {
      check.update(content)
      check.finish()
      if (this.#isStored(digest)) return
    }
    if (blocks(digest.sizeBytes) > this.#maxBytes) {
      throw new GoregoError(
        'resource-exhausted',
        `blob ${digest} is larger than the whole store (${this.#maxBytes} bytes)`,
      )
    }
    const writer = new BlobFileWriter(join(this.#temporary, String(this.#uploads++)))
    try {
      if (content instanceof Uint8Array) {
        if (content.length <= SMALL_BLOB) writer.appendSync(content)
        else await writer.append(content)
      } else {
        for await (const chunk of content) {
          signal?.throwIfAborted()
          await this.#append(writer, check, chunk)
        }
        check.finish()
      }
      signal?.throwIfAborted()
      if (!isEmptyBlob(digest)) this.#publish(digest, writer)
    } finally {
      writer.discard()
    }
  }

  /** A runner put this file in place itself; its bytes count from now on, and older blobs may have to go. */
  adopt(digest: Digest, variant: BlobVariant): void {
    if (isEmptyBlob(digest) && variant === 'plain') return
    this.#index.add(digest, variant)
    this.#makeRoom()
  }

  /** A runner did not find these: those that are indeed not there, or not whole, leave the index. */
  lookAgain(digests: readonly Digest[]): void {
    for (const digest of digests) this.#isStored(digest)
  }

  /** Throws a blob out, whatever its files hold by now. */
  discard(digest: Digest): void {
    this.#index.remove(digest)
    this.#unlink(digest, 'plain')
    this.#unlink(digest, 'executable')
  }

  /** A directory of this process's own beside the blobs, on the same file system; gone when the store is closed. */
  workDirectory(name: string): string {
    return this.#session.directory(name)
  }

  [Symbol.dispose](): void {
    this.#session[Symbol.dispose]()
  }

  async #load(): Promise<void> {
    for (const fn of digestFunctions) {
      mkdirSync(this.layout.blobFunctionRoot(fn), { recursive: true })
      const existing = new Set(readdirSync(this.layout.blobFunctionRoot(fn)))
      for (const [n, shard] of shardNames.entries()) {
        const directory = this.layout.blobShard(fn, shard)
        if (!existing.has(shard)) mkdirSync(directory, { recursive: true })
        else for (const name of readdirSync(directory)) this.#loadFile(fn, shard, name)
        if (n % SHARDS_A_TURN === 0) await nextTurn()
      }
    }
    this.#makeRoom()
  }

  #loadFile(fn: DigestFunction, shard: string, fileName: string): void {
    const blob = parseBlobName(fn, shard, fileName)
    if (blob !== undefined) this.#index.add(blob.digest, blob.variant)
  }

  #open(digest: Digest): number {
    const opened = openIntact(this.layout.blob(digest), digest.sizeBytes)
    this.#note(digest, typeof opened === 'string' ? opened : 'intact')
    if (typeof opened === 'string') throw blobNotFound(digest)
    return opened.fd
  }

  /** What the disk says, whatever the index says. */
  #isStored(digest: Digest): boolean {
    if (isEmptyBlob(digest)) return true
    const state = stateOfFile(this.layout.blob(digest), digest.sizeBytes)
    this.#note(digest, state)
    return state === 'intact'
  }

  /** Brings the index in line with what was seen on the disk; what is seen there is used. */
  #note(digest: Digest, state: FileState): void {
    if (state === 'intact') this.#index.add(digest, 'plain')
    else if (state === 'altered' || this.#index.remove(digest) !== undefined) this.discard(digest)
  }

  async #append(writer: BlobFileWriter, check: DigestingCheck, chunk: Uint8Array): Promise<void> {
    if (chunk.length <= SMALL_BLOB) {
      check.update(chunk)
      writer.appendSync(chunk)
      return
    }
    // Hash while the disk works; where the check throws, the write must still end before the file is closed.
    const written = writer.append(chunk)
    try {
      check.update(chunk)
    } finally {
      await written
    }
  }

  #publish(digest: Digest, writer: BlobFileWriter): void {
    writer.commit(this.layout.blob(digest))
    this.adopt(digest, 'plain')
  }

  #makeRoom(): void {
    while (this.#index.bytes > this.#maxBytes) {
      const oldest = this.#index.oldest()
      if (oldest === undefined) return
      this.discard(oldest.digest)
    }
  }

  #unlink(digest: Digest, variant: BlobVariant): void {
    try {
      unlinkSync(this.layout.blob(digest, variant))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}
