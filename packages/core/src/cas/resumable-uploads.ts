import type { Digest } from '../digest/index.js'
import type { BlobContent } from './content-addressable-storage.js'

/**
 * Where blobs arrive that may take more than one connection to come (BW-02, QS-04). An upload has a name that the client
 * chose; what came under that name stays for a while when the upload breaks off, and can be continued.
 */
export interface ResumableUploads {
  /** How many bytes of the upload are here; 0 where nothing is known of it. Continuing from there is accepted (QS-04). */
  receivedSize(name: string): number

  /**
   * Begins an upload at 0, or continues one where it stands. Whoever was at it until now is put off: a client comes back
   * before its broken connection is noticed here. Throws `invalid-argument` for any other offset (BW-02).
   */
  open(name: string, digest: Digest, offset: number): Promise<Upload>

  /** Forgets an upload that nobody will continue, because its blob came in another way. */
  drop(name: string): void
}

/** One connection's hold on an upload. Disposing of it keeps what came, unless it was finished or discarded. */
export interface Upload extends Disposable {
  /**
   * Takes the next bytes of the blob, in pieces as they came. Throws `invalid-argument` at the first byte too many (BW-06), `aborted` when another
   * connection continues the upload, `resource-exhausted` when all uploads together are too much for the store.
   */
  append(pieces: readonly Uint8Array[]): Promise<void>

  /**
   * Checks what came against the digest; throws `invalid-argument` where it is something else (BW-05), and then keeps nothing.
   * The content, for a store to write before the upload is disposed of.
   */
  finish(): BlobContent

  /** What came is of no use. */
  discard(): void
}
