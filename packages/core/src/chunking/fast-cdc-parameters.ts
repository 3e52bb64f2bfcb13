import { GoregoError } from '../errors/index.js'

/** Where FastCDC may cut, in bytes. */
export interface FastCdcParameters {
  /** No chunk but a blob's last is shorter. */
  readonly minBytes: number
  /** What chunks are about as long as: a power of two, 1 KiB to 1 MiB. */
  readonly averageBytes: number
  /** No chunk is longer. */
  readonly maxBytes: number
  /** Other seeds cut elsewhere; 32 bits. */
  readonly seed: number
}

const SMALLEST_AVERAGE = 1024
const LARGEST_AVERAGE = 1024 * 1024

/** CH-05: REAPI derives the smallest and the largest chunk from the average. Throws `invalid-argument`. */
export function fastCdcParameters(averageBytes: number, seed = 0): FastCdcParameters {
  const inRange = averageBytes >= SMALLEST_AVERAGE && averageBytes <= LARGEST_AVERAGE
  if (!inRange || !Number.isInteger(Math.log2(averageBytes))) {
    throw new GoregoError(
      'invalid-argument',
      `chunks cannot have ${averageBytes} bytes on average: want a power of two from ${SMALLEST_AVERAGE} to ${LARGEST_AVERAGE}`,
    )
  }
  return { minBytes: averageBytes / 4, averageBytes, maxBytes: averageBytes * 4, seed: seed >>> 0 }
}
