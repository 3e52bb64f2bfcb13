import { type Digest, DigestingCheck, isEmptyBlob } from '../digest/index.js'
import type { BlobContent, ByteRange, ContentAddressableStorage } from './content-addressable-storage.js'
import { blobNotFound } from './missing-blobs.js'

const CHUNK = 256 * 1024

/** Blobs in memory, for tests and small tools. Without a bound: nothing is ever dropped. */
export class MemoryStore implements ContentAddressableStorage {
  readonly #blobs = new Map<string, Uint8Array>()

  async findMissing(digests: readonly Digest[]): Promise<Digest[]> {
    const missing = new Map<string, Digest>()
    for (const digest of digests) {
      if (!isEmptyBlob(digest) && !this.#blobs.has(digest.key)) missing.set(digest.key, digest)
    }
    return [...missing.values()]
  }

  async get(digest: Digest): Promise<Uint8Array> {
    const blob = isEmptyBlob(digest) ? new Uint8Array(0) : this.#blobs.get(digest.key)
    if (blob === undefined) throw blobNotFound(digest)
    return blob
  }

  async *read(digest: Digest, range: ByteRange = {}, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const blob = await this.get(digest)
    const start = range.offset ?? 0
    const end = range.length === undefined ? blob.length : Math.min(blob.length, start + range.length)
    for (let at = start; at < end; at += CHUNK) {
      signal?.throwIfAborted()
      yield blob.subarray(at, Math.min(end, at + CHUNK))
    }
  }

  async write(digest: Digest, content: BlobContent, signal?: AbortSignal): Promise<void> {
    const check = new DigestingCheck(digest)
    const chunks: Uint8Array[] = []
    for await (const chunk of content instanceof Uint8Array ? [content] : content) {
      signal?.throwIfAborted()
      check.update(chunk)
      chunks.push(Uint8Array.from(chunk))
    }
    check.finish()
    this.#blobs.set(digest.key, Buffer.concat(chunks))
  }
}
