// The protocol's calls with messages on both ends, for cases that do not care about the bytes.
import { randomUUID } from 'node:crypto'
import { type Digest, reapi } from '@gorego/core'
import type { TestBlob } from '@gorego/core/testing'
import type { CallOptions, RawClient, RawUpload } from './raw-client.js'

const V2 = '/build.bazel.remote.execution.v2'
const CAS = `${V2}.ContentAddressableStorage`

export const paths = {
  getCapabilities: `${V2}.Capabilities/GetCapabilities`,
  findMissingBlobs: `${CAS}/FindMissingBlobs`,
  batchUpdateBlobs: `${CAS}/BatchUpdateBlobs`,
  batchReadBlobs: `${CAS}/BatchReadBlobs`,
  getTree: `${CAS}/GetTree`,
  splitBlob: `${CAS}/SplitBlob`,
  spliceBlob: `${CAS}/SpliceBlob`,
  read: '/google.bytestream.ByteStream/Read',
  write: '/google.bytestream.ByteStream/Write',
  queryWriteStatus: '/google.bytestream.ByteStream/QueryWriteStatus',
  getActionResult: `${V2}.ActionCache/GetActionResult`,
  updateActionResult: `${V2}.ActionCache/UpdateActionResult`,
  execute: `${V2}.Execution/Execute`,
  waitExecution: `${V2}.Execution/WaitExecution`,
  getOperation: '/google.longrunning.Operations/GetOperation',
  listOperations: '/google.longrunning.Operations/ListOperations',
  cancelOperation: '/google.longrunning.Operations/CancelOperation',
  deleteOperation: '/google.longrunning.Operations/DeleteOperation',
  waitOperation: '/google.longrunning.Operations/WaitOperation',
} as const

/** Not of the protocol, and not served by everyone. */
export const healthPaths = {
  check: '/grpc.health.v1.Health/Check',
  watch: '/grpc.health.v1.Health/Watch',
} as const

export const { toDigestMessage: digestMessage } = reapi

export function functionOf(digest: Digest): reapi.DigestFunctionValue {
  return digest.fn.value as reapi.DigestFunctionValue
}

export async function capabilitiesOf(client: RawClient, options: CallOptions = {}): Promise<reapi.ServerCapabilities> {
  const request = new reapi.GetCapabilitiesRequest().setInstanceName(client.instance)
  return reapi.ServerCapabilities.deserializeBinary(await client.unary(paths.getCapabilities, request, options))
}

/** A resource name with the client's instance in front. */
export function named(client: RawClient, tail: string): string {
  return client.instance === '' ? tail : `${client.instance}/${tail}`
}

export function findMissingRequest(client: RawClient, digests: readonly Digest[]): reapi.FindMissingBlobsRequest {
  const request = new reapi.FindMissingBlobsRequest()
    .setInstanceName(client.instance)
    .setBlobDigestsList(digests.map(digestMessage))
  const [first] = digests
  // Older servers do not know the field: it is left out where the length of the hash says it.
  return first?.fn.explicit ? request.setDigestFunction(functionOf(first)) : request
}

/** `hash/size` of those that are missing. */
export async function findMissing(client: RawClient, digests: readonly Digest[]): Promise<string[]> {
  const response = await client.unary(paths.findMissingBlobs, findMissingRequest(client, digests))
  const missing = reapi.FindMissingBlobsResponse.deserializeBinary(response).getMissingBlobDigestsList()
  return missing.map((digest) => `${digest.getHash()}/${digest.getSizeBytes()}`)
}

export async function isMissing(client: RawClient, { digest }: Pick<TestBlob, 'digest'>): Promise<boolean> {
  return (await findMissing(client, [digest])).length > 0
}

export function updateRequest(client: RawClient, blobs: readonly TestBlob[]): reapi.BatchUpdateBlobsRequest {
  const request = new reapi.BatchUpdateBlobsRequest().setInstanceName(client.instance)
  for (const { digest, bytes } of blobs) {
    if (digest.fn.explicit) request.setDigestFunction(functionOf(digest))
    request.addRequests(
      new reapi.BatchUpdateBlobsRequest.Request().setDigest(digestMessage(digest)).setData(Uint8Array.from(bytes)),
    )
  }
  return request
}

/** One status code a blob. */
export async function batchUpdate(client: RawClient, request: reapi.BatchUpdateBlobsRequest): Promise<number[]> {
  const response = reapi.BatchUpdateBlobsResponse.deserializeBinary(await client.unary(paths.batchUpdateBlobs, request))
  return response.getResponsesList().map((entry) => entry.getStatus()?.getCode() ?? 0)
}

/** Stores small blobs; they must all be taken. */
export async function store(client: RawClient, ...blobs: TestBlob[]): Promise<void> {
  const codes = await batchUpdate(client, updateRequest(client, blobs))
  if (codes.some((code) => code !== 0)) throw new Error(`BatchUpdateBlobs answered status codes ${codes.join(', ')}`)
}

export interface ReadEntry {
  readonly hash: string
  readonly code: number
  readonly data: Buffer
  readonly compressor: number
}

export function batchReadRequest(client: RawClient, digests: readonly reapi.Digest[]): reapi.BatchReadBlobsRequest {
  return new reapi.BatchReadBlobsRequest().setInstanceName(client.instance).setDigestsList([...digests])
}

export async function batchRead(client: RawClient, request: reapi.BatchReadBlobsRequest): Promise<ReadEntry[]> {
  const response = reapi.BatchReadBlobsResponse.deserializeBinary(await client.unary(paths.batchReadBlobs, request))
  return response.getResponsesList().map((entry) => ({
    hash: entry.getDigest()?.getHash() ?? '',
    code: entry.getStatus()?.getCode() ?? 0,
    data: Buffer.from(entry.getData_asU8()),
    compressor: entry.getCompressor(),
  }))
}

export function readRequest(client: RawClient, digest: Digest, { offset = 0, limit = 0 } = {}): reapi.ReadRequest {
  return new reapi.ReadRequest()
    .setResourceName(named(client, `blobs/${digest}`))
    .setReadOffset(offset)
    .setReadLimit(limit)
}

/** The data of each message of a Read. */
export async function readChunks(client: RawClient, request: reapi.ReadRequest): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  for await (const response of client.serverStream(paths.read, request)) {
    chunks.push(Buffer.from(reapi.ReadResponse.deserializeBinary(response as Buffer).getData_asU8()))
  }
  return chunks
}

export async function read(
  client: RawClient,
  digest: Digest,
  range: { offset?: number; limit?: number } = {},
): Promise<Buffer> {
  return Buffer.concat(await readChunks(client, readRequest(client, digest, range)))
}

export function uploadName(client: RawClient, digest: Digest, uuid: string = randomUUID()): string {
  return named(client, `uploads/${uuid}/blobs/${digest}`)
}

export interface WriteFields {
  readonly name?: string
  readonly offset?: number
  readonly data?: Uint8Array
  readonly finish?: boolean
}

export function writeRequest({ name = '', offset = 0, data = new Uint8Array(0), finish = false }: WriteFields = {}) {
  return new reapi.WriteRequest()
    .setResourceName(name)
    .setWriteOffset(offset)
    .setData(Uint8Array.from(data))
    .setFinishWrite(finish)
}

/** Sends requests one after another, closes the client's side, and returns `committed_size`. */
export async function write(
  client: RawClient,
  requests: Iterable<reapi.WriteRequest>,
  options: CallOptions = {},
): Promise<number> {
  const upload = client.clientStream(paths.write, options)
  for (const request of requests) await upload.send(request)
  upload.end()
  return await committed(upload)
}

export async function committed(upload: RawUpload): Promise<number> {
  return reapi.WriteResponse.deserializeBinary(await upload.response).getCommittedSize()
}

/** A whole blob as the requests of a Write. */
export function* writeRequests(
  { bytes }: Pick<TestBlob, 'bytes'>,
  { name, chunkSize = 256 * 1024 }: { name: string; chunkSize?: number },
): Generator<reapi.WriteRequest> {
  for (let offset = 0; offset < bytes.length; offset += chunkSize) {
    const data = bytes.subarray(offset, offset + chunkSize)
    yield writeRequest({ name: offset === 0 ? name : '', offset, data, finish: offset + data.length === bytes.length })
  }
  if (bytes.length === 0) yield writeRequest({ name, finish: true })
}

/** Uploads a blob of any size with ByteStream. */
export async function upload(client: RawClient, blob: TestBlob, chunkSize = 256 * 1024): Promise<number> {
  return await write(client, writeRequests(blob, { name: uploadName(client, blob.digest), chunkSize }))
}

export async function queryWriteStatus(
  client: RawClient,
  name: string,
): Promise<{ committedSize: number; complete: boolean }> {
  const request = new reapi.QueryWriteStatusRequest().setResourceName(name)
  const response = await client.unary(paths.queryWriteStatus, request)
  return reapi.QueryWriteStatusResponse.deserializeBinary(response).toObject()
}

export function updateResultRequest(
  client: RawClient,
  action: Digest,
  result: reapi.ActionResult,
): reapi.UpdateActionResultRequest {
  const request = new reapi.UpdateActionResultRequest()
    .setInstanceName(client.instance)
    .setActionDigest(digestMessage(action))
    .setActionResult(result)
  return action.fn.explicit ? request.setDigestFunction(functionOf(action)) : request
}

export async function updateResult(
  client: RawClient,
  action: Digest,
  result: reapi.ActionResult,
): Promise<reapi.ActionResult> {
  const response = await client.unary(paths.updateActionResult, updateResultRequest(client, action, result))
  return reapi.ActionResult.deserializeBinary(response)
}

export function getResultRequest(client: RawClient, action: Digest): reapi.GetActionResultRequest {
  const request = new reapi.GetActionResultRequest()
    .setInstanceName(client.instance)
    .setActionDigest(digestMessage(action))
  return action.fn.explicit ? request.setDigestFunction(functionOf(action)) : request
}

export async function getResult(
  client: RawClient,
  request: Digest | reapi.GetActionResultRequest,
): Promise<reapi.ActionResult> {
  const message = request instanceof reapi.GetActionResultRequest ? request : getResultRequest(client, request)
  return reapi.ActionResult.deserializeBinary(await client.unary(paths.getActionResult, message))
}
