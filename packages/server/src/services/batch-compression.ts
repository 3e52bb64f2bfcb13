import { type Digest, GoregoError, reapi } from '@gorego/core'
import type { Compressor } from '../compression/compressor.js'

/**
 * What the compressed blobs of one BatchUpdateBlobs may decompress to, in bytes: far more than what clients pack into
 * messages of 4 MiB, and a bound to what one message can make us do. The limit of the batch itself counts what is sent (BU-07).
 */
const MAX_DECOMPRESSED_BATCH = 64 * 1024 * 1024

/** Blobs below gain nothing that is worth the time. */
const SMALLEST_COMPRESSED = 512

/** Data of a blob in a batch's response, and what it is compressed with. */
export interface PackedBlob {
  readonly data: Uint8Array
  /** The number of `Compressor.Value`. */
  readonly compressor: number
}

export const NOTHING: PackedBlob = { data: new Uint8Array(0), compressor: reapi.Compressor.Value.IDENTITY }

/** Turns the data of a batch's entries into the content of their blobs. */
export class BatchDecompression {
  readonly #compressors: readonly Compressor[]
  #room = MAX_DECOMPRESSED_BATCH

  constructor(compressors: readonly Compressor[]) {
    this.#compressors = compressors
  }

  /** BU-05: throws `invalid-argument` for a compressor that is not advertised. */
  content(data: Uint8Array, compressorValue: number, digest: Digest): Uint8Array | AsyncIterable<Uint8Array> {
    if (compressorValue === reapi.Compressor.Value.IDENTITY) return data
    const compressor = this.#compressors.find(({ value }) => value === compressorValue)
    if (compressor === undefined)
      throw new GoregoError('invalid-argument', `compressor ${compressorValue} is not one that this server advertises`)
    if (digest.sizeBytes > this.#room) {
      throw new GoregoError(
        'invalid-argument',
        `the blobs of the batch decompress to more than ${MAX_DECOMPRESSED_BATCH} bytes; use ByteStream for blob ${digest}`,
      )
    }
    this.#room -= digest.sizeBytes
    return compressor.decompress(once(data))
  }
}

/** RD-03: with the first of our compressors that the client accepts, if that makes the blob smaller. */
export async function packBlob(
  blob: Uint8Array,
  acceptable: ReadonlySet<number>,
  compressors: readonly Compressor[],
): Promise<PackedBlob> {
  const asItIs = { data: blob, compressor: reapi.Compressor.Value.IDENTITY }
  const compressor = compressors.find(({ value }) => acceptable.has(value))
  if (compressor === undefined || blob.length < SMALLEST_COMPRESSED) return asItIs
  const chunks: Uint8Array[] = []
  for await (const chunk of compressor.compress(once(blob))) chunks.push(chunk)
  const data = Buffer.concat(chunks)
  return data.length < blob.length ? { data, compressor: compressor.value } : asItIs
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
