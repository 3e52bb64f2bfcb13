import type { Digest } from '../digest/index.js'

/** A part of a blob, in bytes. Must lie inside the blob. */
export interface ByteRange {
  readonly offset?: number
  /** Up to the blob's end where it is absent. */
  readonly length?: number
}

/**
 * Memory of the reader's for a chunk that is about to be read, so that it can be used again when the reader is done with it.
 * At least one byte, and no more than was asked for.
 */
export type AllocateChunk = (bytes: number) => Buffer

/** A whole blob in memory, or its bytes as they come. */
export type BlobContent = Uint8Array | AsyncIterable<Uint8Array>

/** Which of a blob's files. */
export interface BlobFileOptions {
  /** The one that is executable, an inode of its own. */
  readonly executable: boolean
}

/**
 * Where blobs are kept by digest: what every store, tier and decorator implements. A digest with the right hash and
 * another size is another blob (DIG-02); the blob of no bytes is always there (FM-02). Methods that find a blob also
 * extend its life. Returned chunks must not be changed by whoever gets them.
 */
export interface ContentAddressableStorage {
  /** Those of the digests that are absent, each once, in the order asked. */
  findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]>

  /** The whole blob in memory; for messages and other small things. Throws `not-found`. */
  get(digest: Digest, signal?: AbortSignal): Promise<Uint8Array>

  /**
   * The blob, or a range of it, in chunks of at most 1 MiB. `not-found` is thrown at the first chunk. Stores that read chunks
   * into memory that they would have to get themselves take it from `allocate`, if that is given.
   */
  read(digest: Digest, range?: ByteRange, signal?: AbortSignal, allocate?: AllocateChunk): AsyncIterable<Uint8Array>

  /**
   * Stores a blob. Nothing is visible before all of it came and was verified; content that is not what the digest says
   * throws `invalid-argument`, a full store `resource-exhausted`. Many writers of one digest all succeed (BW-11).
   */
  write(digest: Digest, content: BlobContent, signal?: AbortSignal): Promise<void>

  /**
   * Of stores that keep blobs as files of this machine, or have one that does: the blob's own file, to link or clone and never to write to. Undefined
   * where it has none after all. Throws `not-found`.
   */
  blobFile?(digest: Digest, options: BlobFileOptions, signal?: AbortSignal): Promise<string | undefined>
}
