import { type Digest, GoregoError } from '@gorego/core'

/** BW-12: known before the first byte. */
export function checkBlobSize(digest: Digest, maxBlobBytes: number): void {
  if (digest.sizeBytes <= maxBlobBytes) return
  throw new GoregoError(
    'invalid-argument',
    `blob ${digest} is larger than the ${maxBlobBytes} bytes that GetCapabilities says`,
  )
}
