import { openSync } from 'node:fs'
import type { Digest } from '../digest/index.js'
import { readChunks } from './blob-file-reader.js'
import type { IncomingBlob } from './incoming-blob.js'

/**
 * The content of a blob that lies in a temporary file and was found to be what its digest says. The store in whose
 * directory it lies just renames it; to any other, or to whoever looks at what passes by, it is a stream like any other.
 */
export class VerifiedFile implements AsyncIterable<Uint8Array> {
  constructor(
    readonly digest: Digest,
    readonly file: IncomingBlob,
  ) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    yield* readChunks(openSync(this.file.path, 'r'), this.digest.sizeBytes, {})
  }
}
