/**
 * One way of making the bytes of blobs fewer on the wire. Digests, sizes and offsets always mean the uncompressed blob;
 * what is stored is never compressed.
 */
export interface Compressor {
  /** As resource names spell it (RN-02): lowercase. */
  readonly name: string
  /** The number of `Compressor.Value` in REAPI. */
  readonly value: number

  /** Compressed chunks that decompress to the content; at least one, also for no content (BR-02). */
  compress(content: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>

  /**
   * The content in chunks of some 100 KiB, however much a single compressed byte stands for: whoever counts them can stop a
   * bomb in time (BW-06). Throws `invalid-argument` for what is malformed, ends too early or goes on behind its end (BW-07),
   * and `resource-exhausted` when too much is decompressed at once already.
   */
  decompress(compressed: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
}
