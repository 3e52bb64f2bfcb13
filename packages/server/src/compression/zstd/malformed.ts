import { GoregoError } from '@gorego/core'

/** BW-07: what a client sent as zstd is none, or is more than is decompressed here. */
export function malformed(why: string): GoregoError {
  return new GoregoError('invalid-argument', `the zstd data cannot be decompressed: ${why}`)
}
