import { dirname, join } from 'node:path'
import { type Digest, DigestingCheck, isEmptyBlob } from '../digest/index.js'
import { type Budget, blocks, StoreLayout } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { openIntact, readChunks, readWhole, SMALL_BLOB, stateOfFile } from './blob-file-reader.js'
import type { AllocateChunk, BlobContent, ByteRange, ContentAddressableStorage } from './content-addressable-storage.js'
import { IncomingBlob } from './incoming-blob.js'
import { blobNotFound } from './missing-blobs.js'
import { type PartialUploadLimits, PartialUploads } from './partial-uploads.js'
import type { StoreKeeper } from './store-keeper.js'
import { VerifiedFile } from './verified-file.js'

export interface SharedStoreOptions {
  /** The store's directory. */
  readonly dir: string
  /** A directory of this process's own on the same file system, which somebody else removes. */
  readonly temporary: string
  /** What the whole store may take, in bytes: no blob can be larger. */
  readonly maxBytes: number
  readonly keeper: StoreKeeper
  /** What this process keeps of uploads that break off. */
  readonly partialUploads?: PartialUploadLimits
}

/**
 * A `LocalStore`'s directory, used by another process than the one that has the LocalStore. Blobs are read, verified and put in
 * place here; that they are there, and that somebody relies on it, is known to the keeper before it is said to anybody.
 */
export class SharedStore implements ContentAddressableStorage, Disposable {
  readonly layout: StoreLayout
  /** Uploads on their way into this store that may take several connections to this process. */
  readonly uploads: PartialUploads
  readonly #keeper: StoreKeeper
  readonly #room: Budget
  readonly #maxBytes: number
  readonly #temporary: string
  #files = 0

  constructor({ dir, temporary, maxBytes, keeper, partialUploads }: SharedStoreOptions) {
    this.layout = new StoreLayout(dir)
    this.uploads = new PartialUploads({ ...partialUploads, makeFile: (digest) => this.#incoming(digest) })
    this.#keeper = keeper
    this.#room = keeper.room
    this.#maxBytes = maxBytes
    this.#temporary = temporary
  }

  async findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    return digests.length === 0 ? [] : await this.#keeper.findMissing(digests, signal)
  }

  async get(digest: Digest, signal?: AbortSignal): Promise<Uint8Array> {
    if (isEmptyBlob(digest)) return new Uint8Array(0)
    const fd = await this.#open(digest, signal)
    if (digest.sizeBytes <= SMALL_BLOB) return readWhole(fd, digest.sizeBytes)
    const chunks: Uint8Array[] = []
    for await (const chunk of readChunks(fd, digest.sizeBytes, {}, signal)) chunks.push(chunk)
    return Buffer.concat(chunks, digest.sizeBytes)
  }

  async *read(
    digest: Digest,
    range: ByteRange = {},
    signal?: AbortSignal,
    allocate?: AllocateChunk,
  ): AsyncGenerator<Uint8Array> {
    if (isEmptyBlob(digest)) return
    const fd = await this.#open(digest, signal)
    if (digest.sizeBytes > SMALL_BLOB) {
      yield* readChunks(fd, digest.sizeBytes, range, signal, allocate)
      return
    }
    const { offset = 0, length } = range
    const end = length === undefined ? digest.sizeBytes : offset + length
    const chunk = readWhole(fd, digest.sizeBytes).subarray(offset, end)
    if (chunk.length > 0) yield chunk
  }

  async write(digest: Digest, content: BlobContent, signal?: AbortSignal): Promise<void> {
    if (content instanceof VerifiedFile && this.#isOurs(content, digest)) {
      signal?.throwIfAborted()
      return await this.#publish(digest, content.file)
    }
    const check = new DigestingCheck(digest)
    if (content instanceof Uint8Array) {
      await check.updateInTurns([content])
      check.finish()
      if (await this.#isStored(digest, signal)) return
    }
    using file = await this.#incoming(digest)
    if (content instanceof Uint8Array) await file.append([content])
    else {
      for await (const chunk of content) {
        signal?.throwIfAborted()
        await file.appendHashed([chunk], check)
      }
      check.finish()
    }
    signal?.throwIfAborted()
    await this.#publish(digest, file)
  }

  [Symbol.dispose](): void {
    this.uploads[Symbol.dispose]()
  }

  /** What the keeper says is there is opened after it was said: from then on nobody takes it away for a while. */
  async #open(digest: Digest, signal: AbortSignal | undefined): Promise<number> {
    if ((await this.#keeper.findMissing([digest], signal)).length > 0) throw blobNotFound(digest)
    const opened = openIntact(this.layout.blob(digest), digest.sizeBytes)
    if (typeof opened !== 'string') return opened.fd
    await this.#keeper.lookAgain([digest])
    throw blobNotFound(digest)
  }

  /** The keeper is only asked about blobs of which there is a file, to have it kept: most that are sent are not there. */
  async #isStored(digest: Digest, signal: AbortSignal | undefined): Promise<boolean> {
    if (isEmptyBlob(digest)) return true
    if (stateOfFile(this.layout.blob(digest), digest.sizeBytes) !== 'intact') return false
    return (await this.#keeper.findMissing([digest], signal)).length === 0
  }

  async #incoming(digest: Digest): Promise<IncomingBlob> {
    if (blocks(digest.sizeBytes) > this.#maxBytes) {
      throw new GoregoError(
        'resource-exhausted',
        `blob ${digest} is larger than the whole store (${this.#maxBytes} bytes)`,
      )
    }
    return await IncomingBlob.open(digest, join(this.#temporary, String(this.#files++)), this.#room)
  }

  /** A file that may just be renamed. */
  #isOurs({ digest, file }: VerifiedFile, wanted: Digest): boolean {
    return digest.equals(wanted) && dirname(file.path) === this.#temporary
  }

  async #publish(digest: Digest, file: IncomingBlob): Promise<void> {
    if (isEmptyBlob(digest)) return
    file.commit(this.layout.blob(digest))
    // Evicted as somebody else's old blob, between the rename and now.
    if ((await this.#keeper.findMissing([digest])).length > 0) throw evictedAtOnce(digest)
  }
}

function evictedAtOnce(digest: Digest): GoregoError {
  return new GoregoError('aborted', `blob ${digest} was evicted while it was stored; send it again`)
}
