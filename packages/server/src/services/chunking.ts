import { type ChunkedBlobs, GoregoError, reapi } from '@gorego/core'
import type { Dialect } from '../wire/dialect.js'
import { requestDigest } from '../wire/digests.js'
import { unary } from '../wire/method.js'
import { checkBlobSize } from './check-blob-size.js'
import { MAX_SPLICE_BYTES } from './limits.js'
import type { Service } from './service.js'

const SERVICE = '/build.bazel.remote.execution.v2.ContentAddressableStorage'

export interface ChunkingOptions extends Dialect {
  readonly chunkedBlobs: ChunkedBlobs
  /** The largest blob that is put together, in bytes. */
  readonly maxBlobBytes: number
}

/** The calls of ContentAddressableStorage that are there only where chunking is advertised (CH-01). */
export function chunkingService({ checkInstance, chunkedBlobs, functions, maxBlobBytes }: ChunkingOptions): Service {
  return [
    unary(`${SERVICE}/SplitBlob`, reapi.SplitBlobRequest.deserializeBinary, async (request, context) => {
      checkInstance(request.getInstanceName(), context)
      const blob = requestDigest(functions, request.getDigestFunction(), request.getBlobDigest(), 'blob_digest')
      const chunks = await chunkedBlobs.split(blob, context.signal)
      // CH-04: whichever function the client would have liked.
      return new reapi.SplitBlobResponse()
        .setChunkDigestsList(chunks.map(reapi.toDigestMessage))
        .setChunkingFunction(reapi.ChunkingFunction.Value.FAST_CDC_2020)
    }),
    unary(`${SERVICE}/SpliceBlob`, parseSplice, async (request, context) => {
      if (request === 'too large') {
        throw new GoregoError('invalid-argument', 'too many chunks for one blob: upload it as a whole')
      }
      checkInstance(request.getInstanceName(), context)
      const blob = requestDigest(functions, request.getDigestFunction(), request.getBlobDigest(), 'blob_digest')
      checkBlobSize(blob, maxBlobBytes)
      // CH-06: the chunks' function is the blob's.
      const chunks = request.getChunkDigestsList().map((chunk) => reapi.fromDigestMessage(blob.fn, chunk, 'a chunk'))
      await chunkedBlobs.splice(blob, chunks, context.signal)
      return new reapi.SpliceBlobResponse().setBlobDigest(reapi.toDigestMessage(blob))
    }),
  ]
}

/** The length is looked at first: parsing takes its time. */
function parseSplice(bytes: Uint8Array): reapi.SpliceBlobRequest | 'too large' {
  return bytes.length > MAX_SPLICE_BYTES ? 'too large' : reapi.SpliceBlobRequest.deserializeBinary(bytes)
}
