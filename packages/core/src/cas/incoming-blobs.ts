import { dirname, join } from 'node:path'
import { type Digest, type DigestFunction, DigestingCount } from '../digest/index.js'
import { type Budget, blocks } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { IncomingBlob } from './incoming-blob.js'
import type { ReceivedBlob } from './received-blob.js'
import { VerifiedFile } from './verified-file.js'

export interface IncomingBlobsOptions {
  /** This process's own, on the store's file system. */
  readonly directory: string
  readonly budget: Budget
  /** What the whole store may take, in bytes: no blob can be larger. */
  readonly maxBytes: number
}

/** Where blobs are until they are whole: temporary files of one process, beside the store. */
export class IncomingBlobs {
  readonly #options: IncomingBlobsOptions
  #files = 0

  constructor(options: IncomingBlobsOptions) {
    this.#options = options
  }

  /** A name that no file has had. */
  path(): string {
    return join(this.#options.directory, String(this.#files++))
  }

  /** Throws `resource-exhausted` where there is no room for it. */
  async open(digest: Digest): Promise<IncomingBlob> {
    const { budget, maxBytes } = this.#options
    if (blocks(digest.sizeBytes) > maxBytes) {
      throw new GoregoError('resource-exhausted', `blob ${digest} is larger than the whole store (${maxBytes} bytes)`)
    }
    return await IncomingBlob.open(digest.sizeBytes, this.path(), budget)
  }

  /** Takes content of which nothing is known yet. Throws `invalid-argument` at the first byte too many. */
  async receive(
    fn: DigestFunction,
    chunks: AsyncIterable<Uint8Array>,
    mostBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<ReceivedBlob> {
    const { budget, maxBytes } = this.#options
    const bound = Math.min(mostBytes, maxBytes)
    const file = await IncomingBlob.open(bound, this.path(), budget)
    try {
      const count = new DigestingCount(fn, bound)
      await file.receiveStream(chunks, count, signal)
      const digest = count.finish()
      return { digest, content: new VerifiedFile(digest, file), [Symbol.dispose]: () => file[Symbol.dispose]() }
    } catch (error) {
      file[Symbol.dispose]()
      throw error
    }
  }

  /** The file of a content that came in here and was verified to be that blob: it may just be renamed. */
  verified(content: unknown, digest: Digest): IncomingBlob | undefined {
    if (!(content instanceof VerifiedFile) || !digest.equals(content.digest)) return undefined
    return dirname(content.file.path) === this.#options.directory ? content.file : undefined
  }
}
