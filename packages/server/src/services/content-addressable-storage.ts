import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ContentAddressableStorage, type Digest, GoregoError, reapi } from '@gorego/core'
import type { CallContext } from '../wire/call-context.js'
import type { Dialect } from '../wire/dialect.js'
import { digestOf, requestDigest, requestFunction } from '../wire/digests.js'
import { serverStream, unary } from '../wire/method.js'
import { toRpcStatus } from '../wire/status.js'
import { BatchDecompression, packBlob } from './batch-compression.js'
import { findMissing, parseFindMissing } from './find-missing.js'
import { getTree } from './get-tree.js'
import { MAX_BATCH_BYTES, MAX_SENT_MESSAGE_BYTES } from './limits.js'
import type { Service } from './service.js'

const SERVICE = '/build.bazel.remote.execution.v2.ContentAddressableStorage'

/** Blobs of a batch that are handled before other work gets a turn: some 100 µs each. */
const BLOBS_A_TURN = 16

/** What one entry of a batch response takes besides its digest, data and the status' message: code, tags and lengths. */
const ENTRY_OVERHEAD = 32

export interface ContentAddressableStorageOptions extends Dialect {
  readonly cas: ContentAddressableStorage
  readonly maxBlobBytes: number
}

export function contentAddressableStorageService(options: ContentAddressableStorageOptions): Service {
  const { cas, functions, checkInstance } = options
  return [
    unary(`${SERVICE}/FindMissingBlobs`, parseFindMissing, (request, context) =>
      findMissing(options, request, context),
    ),
    unary(`${SERVICE}/BatchUpdateBlobs`, reapi.BatchUpdateBlobsRequest.deserializeBinary, (request, context) =>
      batchUpdate(options, request, context),
    ),
    unary(`${SERVICE}/BatchReadBlobs`, reapi.BatchReadBlobsRequest.deserializeBinary, (request, context) =>
      batchRead(options, request, context),
    ),
    serverStream(`${SERVICE}/GetTree`, reapi.GetTreeRequest.deserializeBinary, (request, context) => {
      checkInstance(request.getInstanceName())
      const root = requestDigest(functions, request.getDigestFunction(), request.getRootDigest(), 'root_digest')
      return getTree(cas, root, { pageSize: request.getPageSize(), pageToken: request.getPageToken() }, context.signal)
    }),
  ]
}

async function batchUpdate(
  { cas, functions, compressors, maxBlobBytes, checkInstance }: ContentAddressableStorageOptions,
  request: reapi.BatchUpdateBlobsRequest,
  { signal }: CallContext,
): Promise<reapi.BatchUpdateBlobsResponse> {
  checkInstance(request.getInstanceName())
  const entries = request.getRequestsList()
  const blobs = entries.map((entry) => entry.getData_asU8())
  // BU-02, BU-07
  checkTotal(blobs.reduce((sum, data) => sum + data.length, 0))
  const digests = entries.map((entry) => entry.getDigest())
  const fn = requestFunction(
    functions,
    request.getDigestFunction(),
    digests.map((d) => d?.getHash() ?? ''),
  )
  const decompression = new BatchDecompression(compressors)
  const response = new reapi.BatchUpdateBlobsResponse()
  let room = MAX_SENT_MESSAGE_BYTES - digests.reduce((sum, digest) => sum + entryBytes(digest), 0)
  if (room < 0) throw new GoregoError('invalid-argument', `${entries.length} blobs are too many for one batch`)
  for (const [n, entry] of entries.entries()) {
    if (n % BLOBS_A_TURN === BLOBS_A_TURN - 1) await nextTurn(undefined, { signal })
    const written = new reapi.BatchUpdateBlobsResponse.Response()
    const echo = entry.getDigest()
    if (echo !== undefined) written.setDigest(echo)
    // BU-01: each entry has its own fate.
    const status = await statusOf(() => update(entry, blobs[n] ?? new Uint8Array(0)))
    room -= explained(status, room)
    response.addResponses(written.setStatus(status))
  }
  return response

  async function update(entry: reapi.BatchUpdateBlobsRequest.Request, data: Uint8Array): Promise<void> {
    const digest = digestOf(fn, entry.getDigest(), 'the digest of an entry')
    checkBlobSize(digest, maxBlobBytes)
    await cas.write(digest, decompression.content(data, entry.getCompressor(), digest), signal)
  }
}

async function batchRead(
  { cas, functions, compressors, checkInstance }: ContentAddressableStorageOptions,
  request: reapi.BatchReadBlobsRequest,
  { signal }: CallContext,
): Promise<reapi.BatchReadBlobsResponse> {
  checkInstance(request.getInstanceName())
  const messages = request.getDigestsList()
  checkTotal(messages.reduce((sum, message) => sum + Math.max(0, message.getSizeBytes()), 0))
  const fn = requestFunction(
    functions,
    request.getDigestFunction(),
    messages.map((d) => d.getHash()),
  )
  // Not one of them is a digest: nothing can be said of each.
  if (fn === undefined && messages.length > 0) digestOf(fn, messages[0], 'a digest of the batch')
  const response = new reapi.BatchReadBlobsResponse()
  // RD-05: with very many small blobs it is their digests that do not fit.
  let room = MAX_SENT_MESSAGE_BYTES - messages.reduce((sum, message) => sum + entryBytes(message), 0)
  if (room < 0) throw new GoregoError('invalid-argument', `${messages.length} digests are too many for one batch`)
  for (const [n, message] of messages.entries()) {
    if (n % BLOBS_A_TURN === BLOBS_A_TURN - 1) await nextTurn(undefined, { signal })
    const entry = new reapi.BatchReadBlobsResponse.Response().setDigest(message)
    const status = await statusOf(async () => {
      const digest = digestOf(fn, message, 'a digest of the batch')
      const packed = await packBlob(await cas.get(digest, signal), request.getAcceptableCompressorsList(), compressors)
      if (packed.data.length > room) {
        throw new GoregoError('resource-exhausted', `blob ${digest} did not fit into the response; ask for it again`)
      }
      entry.setData(packed.data).setCompressor(packed.compressor as reapi.CompressorValue)
      room -= packed.data.length
    })
    room -= explained(status, room)
    response.addResponses(entry.setStatus(status))
  }
  return response
}

function entryBytes(digest: reapi.Digest | undefined): number {
  return ENTRY_OVERHEAD + (digest?.serializeBinary().length ?? 0)
}

function checkTotal(bytes: number): void {
  if (bytes <= MAX_BATCH_BYTES) return
  throw new GoregoError(
    'invalid-argument',
    `the blobs of the batch have ${bytes} bytes, more than the ${MAX_BATCH_BYTES} that GetCapabilities says; use ByteStream for large ones`,
  )
}

/** BW-12: known before the first byte. */
export function checkBlobSize(digest: Digest, maxBlobBytes: number): void {
  if (digest.sizeBytes <= maxBlobBytes) return
  throw new GoregoError(
    'invalid-argument',
    `blob ${digest} is larger than the ${maxBlobBytes} bytes that GetCapabilities says`,
  )
}

/** How many bytes a status says; where there is no room for them, only its code is left. */
function explained(status: reapi.RpcStatus, room: number): number {
  const bytes = status.serializeBinary().length
  if (bytes <= room) return bytes
  status.setMessage('').clearDetailsList()
  return 0
}

async function statusOf(action: () => Promise<void>): Promise<reapi.RpcStatus> {
  try {
    await action()
    return new reapi.RpcStatus()
  } catch (thrown) {
    return toRpcStatus(GoregoError.from(thrown))
  }
}
