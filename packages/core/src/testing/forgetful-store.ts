import { type BlobContent, blobNotFound, MemoryStore } from '../cas/index.js'
import type { Digest } from '../digest/index.js'

/** For tests: a store that loses what a test wants it to. */
export class ForgetfulStore extends MemoryStore {
  readonly #gone = new Set<string>()

  /** Until it is written again. */
  forget({ key }: Digest): void {
    this.#gone.add(key)
  }

  override async findMissing(digests: readonly Digest[]): Promise<Digest[]> {
    const absent = new Set((await super.findMissing(digests)).map(({ key }) => key))
    const distinct = new Map(digests.map((digest) => [digest.key, digest]))
    return [...distinct.values()].filter(({ key }) => absent.has(key) || this.#gone.has(key))
  }

  override async get(digest: Digest): Promise<Uint8Array> {
    if (this.#gone.has(digest.key)) throw blobNotFound(digest)
    return await super.get(digest)
  }

  override async write(digest: Digest, content: BlobContent, signal?: AbortSignal): Promise<void> {
    await super.write(digest, content, signal)
    this.#gone.delete(digest.key)
  }
}
