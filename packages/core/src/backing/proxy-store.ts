import type { AllocateChunk, BlobContent, BlobFileOptions, ByteRange, ContentAddressableStorage } from '../cas/index.js'
import { blobNotFound } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import type { BackingCache } from './backing-cache.js'

/**
 * A local store with another cache behind it. What is local costs what it did without; only what is absent is asked for there.
 * A blob that is read is first brought into the local store as a whole, which verifies it: nobody is sent a byte of one that
 * turns out to be something else.
 */
export class ProxyStore implements ContentAddressableStorage {
  readonly #local: ContentAddressableStorage
  readonly #backing: BackingCache

  constructor(local: ContentAddressableStorage, backing: BackingCache) {
    this.#local = local
    this.#backing = backing
  }

  async findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    const missing = await this.#local.findMissing(digests, signal)
    return missing.length === 0 ? missing : await this.#backing.findMissing(missing, signal)
  }

  async get(digest: Digest, signal?: AbortSignal): Promise<Uint8Array> {
    try {
      return await this.#local.get(digest, signal)
    } catch (error) {
      await this.#fetch(digest, error, signal)
      return await this.#local.get(digest, signal)
    }
  }

  async *read(
    digest: Digest,
    range?: ByteRange,
    signal?: AbortSignal,
    allocate?: AllocateChunk,
  ): AsyncGenerator<Uint8Array> {
    let begun = false
    try {
      for await (const chunk of this.#local.read(digest, range, signal, allocate)) {
        begun = true
        yield chunk
      }
      return
    } catch (error) {
      if (begun) throw error
      await this.#fetch(digest, error, signal)
    }
    yield* this.#local.read(digest, range, signal, allocate)
  }

  async blobFile(digest: Digest, options: BlobFileOptions, signal?: AbortSignal): Promise<string | undefined> {
    try {
      return await this.#local.blobFile?.(digest, options, signal)
    } catch (error) {
      await this.#fetch(digest, error, signal)
      return await this.#local.blobFile?.(digest, options, signal)
    }
  }

  async write(digest: Digest, content: BlobContent, signal?: AbortSignal): Promise<void> {
    await this.#local.write(digest, content, signal)
    await this.#backing.stored([digest], signal)
  }

  /** Rethrows what is no sign of absence. */
  async #fetch(digest: Digest, error: unknown, signal: AbortSignal | undefined): Promise<void> {
    if (!(error instanceof GoregoError) || error.code !== 'not-found') throw error
    if ((await this.#backing.fetch([digest], signal)).length > 0) throw blobNotFound(digest)
  }
}
