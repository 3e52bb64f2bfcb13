import type { Digest } from '../digest/index.js'
import type { BlobContent } from './content-addressable-storage.js'

/** Content that has come, and what it turned out to be; for a store to write before this is disposed of. */
export interface ReceivedBlob extends Disposable {
  readonly digest: Digest
  readonly content: BlobContent
}
