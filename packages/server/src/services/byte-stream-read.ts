import { blobNotFound, type ContentAddressableStorage, type Digest, GoregoError } from '@gorego/core'
import { encodeReadResponse } from '../wire/byte-stream-messages.js'
import type { ResourceName } from '../wire/resource-name.js'
import { isThere } from './byte-stream-write.js'

/** What of a blob is asked for, in uncompressed bytes (BR-06); a limit of 0 is none. */
export interface ReadRange {
  readonly offset: number
  readonly limit: number
}

/** The responses of one Read. */
export async function* readBlob(
  cas: ContentAddressableStorage,
  { digest, compressor }: ResourceName,
  { offset, limit }: ReadRange,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  if (!(limit >= 0)) throw new GoregoError('invalid-argument', `read_limit is ${limit}: want 0 or more`)
  // BR-07: nobody could tell of which bytes it speaks.
  if (compressor !== undefined && limit !== 0)
    throw new GoregoError('invalid-argument', `read_limit is ${limit}: a compressed blob can only be read to its end`)
  // BR-01 before BR-03: what is not there has no size to be beyond.
  if (!(await isThere(cas, digest))) throw blobNotFound(digest)
  if (!(offset >= 0 && offset <= digest.sizeBytes)) {
    throw new GoregoError(
      'out-of-range',
      `read_offset is ${offset}, outside of the ${digest.sizeBytes} bytes of blob ${digest}`,
    )
  }
  const rest = digest.sizeBytes - offset
  const content = contentOf(cas, digest, { offset, length: limit === 0 ? rest : Math.min(limit, rest) }, signal)
  for await (const chunk of compressor?.compress(content) ?? content) yield encodeReadResponse(chunk)
}

/** BR-03: no data is no request to the store. */
async function* contentOf(
  cas: ContentAddressableStorage,
  digest: Digest,
  range: { readonly offset: number; readonly length: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (range.length > 0) yield* cas.read(digest, range, signal)
}
