import { type Digest, DigestingCheck, isEmptyBlob } from '../digest/index.js'
import { StoreLayout } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { openIntact, readBlob, readRange, stateOfFile } from './blob-file-reader.js'
import type { AllocateChunk, BlobContent, ByteRange, ContentAddressableStorage } from './content-addressable-storage.js'
import type { IncomingBlob } from './incoming-blob.js'
import { IncomingBlobs } from './incoming-blobs.js'
import { blobNotFound } from './missing-blobs.js'
import { type PartialUploadLimits, PartialUploads } from './partial-uploads.js'
import type { StoreKeeper } from './store-keeper.js'

/** A store that another process keeps, and how to ask that one. */
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
  readonly #incoming: IncomingBlobs

  constructor({ dir, temporary, maxBytes, keeper, partialUploads }: SharedStoreOptions) {
    this.layout = new StoreLayout(dir)
    this.#incoming = new IncomingBlobs({ directory: temporary, budget: keeper.room, maxBytes })
    this.uploads = new PartialUploads({ ...partialUploads, makeFile: (digest) => this.#incoming.open(digest) })
    this.#keeper = keeper
  }

  async findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    return digests.length === 0 ? [] : await this.#keeper.findMissing(digests, signal)
  }

  async get(digest: Digest, signal?: AbortSignal): Promise<Uint8Array> {
    if (isEmptyBlob(digest)) return new Uint8Array(0)
    return await readBlob(await this.#open(digest, signal), digest.sizeBytes, signal)
  }

  async *read(
    digest: Digest,
    range: ByteRange = {},
    signal?: AbortSignal,
    allocate?: AllocateChunk,
  ): AsyncGenerator<Uint8Array> {
    if (isEmptyBlob(digest)) return
    yield* readRange(await this.#open(digest, signal), digest.sizeBytes, range, signal, allocate)
  }

  async write(digest: Digest, content: BlobContent, signal?: AbortSignal): Promise<void> {
    const verified = this.#incoming.verified(content, digest)
    if (verified !== undefined) {
      signal?.throwIfAborted()
      return await this.#publish(digest, verified)
    }
    const check = new DigestingCheck(digest)
    if (content instanceof Uint8Array) {
      await check.updateInTurns([content])
      check.finish()
      if (await this.#isStored(digest, signal)) return
    }
    using file = await this.#incoming.open(digest)
    await file.receive(content, check, signal)
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
