import { CorruptBlobError, type Digest, GoregoError } from '@gorego/core'
import type { Compressor } from '../compression/compressor.js'
import { BlamedSource } from './blamed-source.js'

export interface UnpackOptions {
  readonly compressor: Compressor
  /** What comes, for messages. */
  readonly digest: Digest
  /** Of the content, in bytes. A hostile server may send a few that stand for any number. */
  readonly expected: number
}

/**
 * The content of what another server sends compressed. Throws `CorruptBlobError` for what cannot be decompressed, or is more than
 * was asked for; what goes wrong in `packed` stays what it is.
 */
export async function* unpackBlob(
  packed: AsyncIterable<Uint8Array>,
  { compressor, digest, expected }: UnpackOptions,
): AsyncGenerator<Uint8Array> {
  const source = new BlamedSource(packed)
  let left = expected
  try {
    for await (const chunk of compressor.decompress(source)) {
      left -= chunk.length
      if (left < 0) throw new CorruptBlobError(digest, `it decompresses to more than ${expected} bytes`)
      yield chunk
    }
  } catch (error) {
    // A full memory of ours is not their fault.
    if (source.threw(error) || !(error instanceof GoregoError) || error.code !== 'invalid-argument') throw error
    throw new CorruptBlobError(digest, error.message, error)
  }
}
