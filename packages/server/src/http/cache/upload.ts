import type { IncomingMessage } from 'node:http'
import { GoregoError } from '@gorego/core'

/**
 * How many bytes may come, at most. What says no size, because it is sent in chunks, may be as large as a blob may be; what
 * is larger than that is refused before it comes (BW-12).
 */
export function mostBytesOf({ headers }: IncomingMessage, maxBlobBytes: number): number {
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') {
    throw new GoregoError(
      'invalid-argument',
      `the content-encoding ${JSON.stringify(encoding.slice(0, 40))} is not taken here`,
    )
  }
  const length = headers['content-length']
  if (length === undefined) return maxBlobBytes
  if (Number(length) > maxBlobBytes) {
    throw new GoregoError(
      'invalid-argument',
      `${length} bytes are more than the ${maxBlobBytes} that a blob may have here`,
    )
  }
  return Number(length)
}

/** Reads what is known already to its end, which clients want to have sent before they look at the answer. */
export async function drain(request: IncomingMessage): Promise<void> {
  for await (const _ of request);
}
