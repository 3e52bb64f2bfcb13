import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ContentAddressableStorage, type Digest, GoregoError, reapi } from '@gorego/core'
import { requestDigest, requestDigests, requestFunction } from '../wire/digests.js'
import { checkInstanceName } from '../wire/instance-name.js'
import { type CallContext, serverStream, unary } from '../wire/method.js'
import { toRpcStatus } from '../wire/status.js'
import { getTree } from './get-tree.js'
import { MAX_BATCH_BYTES, MAX_FIND_MISSING_BYTES, MAX_SENT_MESSAGE_BYTES } from './limits.js'
import type { Service } from './service.js'

const SERVICE = '/build.bazel.remote.execution.v2.ContentAddressableStorage'

/** Blobs of a batch that are handled before other work gets a turn: some 100 µs each. */
const BLOBS_A_TURN = 16

/** What one entry of a batch response takes besides its data and the status' message: digest, code, tags and lengths. */
const ENTRY_OVERHEAD = 96

export interface ContentAddressableStorageOptions {
  readonly cas: ContentAddressableStorage
  readonly maxBlobBytes: number
}

export function contentAddressableStorageService(options: ContentAddressableStorageOptions): Service {
  const { cas } = options
  return [
    unary(`${SERVICE}/FindMissingBlobs`, parseFindMissing, async (request, context) => {
      if (request === 'too large') {
        throw new GoregoError('invalid-argument', 'too many digests for one FindMissingBlobs: ask for 50,000 at a time')
      }
      checkInstanceName(request.getInstanceName())
      const digests = requestDigests(request.getDigestFunction(), request.getBlobDigestsList(), 'blob_digests')
      const missing = await cas.findMissing(digests, context.signal)
      return new reapi.FindMissingBlobsResponse().setMissingBlobDigestsList(missing.map(reapi.toDigestMessage))
    }),
    unary(`${SERVICE}/BatchUpdateBlobs`, reapi.BatchUpdateBlobsRequest.deserializeBinary, (request, context) =>
      batchUpdate(options, request, context),
    ),
    unary(`${SERVICE}/BatchReadBlobs`, reapi.BatchReadBlobsRequest.deserializeBinary, (request, context) =>
      batchRead(options, request, context),
    ),
    serverStream(`${SERVICE}/GetTree`, reapi.GetTreeRequest.deserializeBinary, (request, context) => {
      checkInstanceName(request.getInstanceName())
      const root = requestDigest(request.getDigestFunction(), request.getRootDigest(), 'root_digest')
      return getTree(cas, root, { pageSize: request.getPageSize(), pageToken: request.getPageToken() }, context.signal)
    }),
  ]
}

/** FM-05. The length is looked at first: parsing takes its time. */
function parseFindMissing(bytes: Uint8Array): reapi.FindMissingBlobsRequest | 'too large' {
  return bytes.length > MAX_FIND_MISSING_BYTES ? 'too large' : reapi.FindMissingBlobsRequest.deserializeBinary(bytes)
}

async function batchUpdate(
  { cas, maxBlobBytes }: ContentAddressableStorageOptions,
  request: reapi.BatchUpdateBlobsRequest,
  { signal }: CallContext,
): Promise<reapi.BatchUpdateBlobsResponse> {
  checkInstanceName(request.getInstanceName())
  const entries = request.getRequestsList()
  const blobs = entries.map((entry) => entry.getData_asU8())
  // BU-02, BU-07
  checkTotal(blobs.reduce((sum, data) => sum + data.length, 0))
  const response = new reapi.BatchUpdateBlobsResponse()
  for (const [n, entry] of entries.entries()) {
    if (n % BLOBS_A_TURN === BLOBS_A_TURN - 1) await nextTurn(undefined, { signal })
    const written = new reapi.BatchUpdateBlobsResponse.Response()
    const echo = entry.getDigest()
    if (echo !== undefined) written.setDigest(echo)
    // BU-01: each entry has its own fate.
    written.setStatus(await statusOf(() => update(entry, blobs[n] ?? new Uint8Array(0))))
    response.addResponses(written)
  }
  return response

  async function update(entry: reapi.BatchUpdateBlobsRequest.Request, data: Uint8Array): Promise<void> {
    // BU-05
    if (entry.getCompressor() !== reapi.Compressor.Value.IDENTITY) {
      throw new GoregoError(
        'invalid-argument',
        `compressor ${entry.getCompressor()} is not one that this server advertises`,
      )
    }
    const digest = requestDigest(request.getDigestFunction(), entry.getDigest(), 'the digest of an entry')
    checkBlobSize(digest, maxBlobBytes)
    await cas.write(digest, data, signal)
  }
}

async function batchRead(
  { cas }: ContentAddressableStorageOptions,
  request: reapi.BatchReadBlobsRequest,
  { signal }: CallContext,
): Promise<reapi.BatchReadBlobsResponse> {
  checkInstanceName(request.getInstanceName())
  const messages = request.getDigestsList()
  checkTotal(messages.reduce((sum, message) => sum + Math.max(0, message.getSizeBytes()), 0))
  const fn = messages[0] === undefined ? undefined : requestFunction(request.getDigestFunction(), messages[0].getHash())
  const response = new reapi.BatchReadBlobsResponse()
  // RD-05: with very many small blobs it is their digests that do not fit.
  let room = MAX_SENT_MESSAGE_BYTES - messages.length * ENTRY_OVERHEAD
  if (room < 0) throw new GoregoError('invalid-argument', `${messages.length} digests are too many for one batch`)
  for (const [n, message] of messages.entries()) {
    if (n % BLOBS_A_TURN === BLOBS_A_TURN - 1) await nextTurn(undefined, { signal })
    const entry = new reapi.BatchReadBlobsResponse.Response().setDigest(message)
    const status = await statusOf(async () => {
      if (fn === undefined) return
      const digest = reapi.fromDigestMessage(fn, message, 'a digest of the batch')
      if (digest.sizeBytes > room) {
        throw new GoregoError('resource-exhausted', `blob ${digest} did not fit into the response; ask for it again`)
      }
      entry.setData(await cas.get(digest, signal))
      room -= digest.sizeBytes
    })
    const explanation = Buffer.byteLength(status.getMessage())
    if (explanation > room) status.setMessage('')
    else room -= explanation
    response.addResponses(entry.setStatus(status))
  }
  return response
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

async function statusOf(action: () => Promise<void>): Promise<reapi.RpcStatus> {
  try {
    await action()
    return new reapi.RpcStatus()
  } catch (thrown) {
    return toRpcStatus(GoregoError.from(thrown))
  }
}
