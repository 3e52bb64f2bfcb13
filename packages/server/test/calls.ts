// The protocol's calls with messages on both ends, for tests that do not care about the bytes.
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

export const { toDigestMessage: digestMessage } = reapi

export async function findMissing(client: RawClient, digests: readonly Digest[]): Promise<string[]> {
  const request = new reapi.FindMissingBlobsRequest().setBlobDigestsList(digests.map(digestMessage))
  const response = await client.unary(paths.findMissingBlobs, request)
  const missing = reapi.FindMissingBlobsResponse.deserializeBinary(response).getMissingBlobDigestsList()
  return missing.map((digest) => `${digest.getHash()}/${digest.getSizeBytes()}`)
}

export async function isMissing(client: RawClient, { digest }: Pick<TestBlob, 'digest'>): Promise<boolean> {
  return (await findMissing(client, [digest])).length > 0
}

export function updateRequest(blobs: readonly TestBlob[]): reapi.BatchUpdateBlobsRequest {
  const request = new reapi.BatchUpdateBlobsRequest()
  for (const { digest, bytes } of blobs) {
    request.addRequests(
      new reapi.BatchUpdateBlobsRequest.Request().setDigest(digestMessage(digest)).setData(Uint8Array.from(bytes)),
    )
  }
  return request
}

/** One status code a blob. */
export async function batchUpdate(client: RawClient, request: reapi.BatchUpdateBlobsRequest): Promise<number[]> {
  const response = reapi.BatchUpdateBlobsResponse.deserializeBinary(await client.unary(paths.batchUpdateBlobs, request))
  return response.getResponsesList().map((entry) => entry.getStatus()?.getCode() ?? -1)
}

/** Stores small blobs; they must all be taken. */
export async function store(client: RawClient, ...blobs: TestBlob[]): Promise<void> {
  const codes = await batchUpdate(client, updateRequest(blobs))
  if (codes.some((code) => code !== 0)) throw new Error(`status codes ${codes.join(', ')}`)
}

export async function batchRead(
  client: RawClient,
  digests: readonly reapi.Digest[],
): Promise<{ hash: string; code: number; data: Buffer }[]> {
  const request = new reapi.BatchReadBlobsRequest().setDigestsList([...digests])
  const response = reapi.BatchReadBlobsResponse.deserializeBinary(await client.unary(paths.batchReadBlobs, request))
  return response.getResponsesList().map((entry) => ({
    hash: entry.getDigest()?.getHash() ?? '',
    code: entry.getStatus()?.getCode() ?? -1,
    data: Buffer.from(entry.getData_asU8()),
  }))
}

export function readRequest(digest: Digest, { offset = 0, limit = 0 } = {}): reapi.ReadRequest {
  return new reapi.ReadRequest().setResourceName(`blobs/${digest}`).setReadOffset(offset).setReadLimit(limit)
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
  return Buffer.concat(await readChunks(client, readRequest(digest, range)))
}

export function uploadName(digest: Digest): string {
  return `uploads/${randomUUID()}/blobs/${digest}`
}

export function writeRequest(
  fields: { name?: string; offset?: number; data?: Uint8Array; finish?: boolean } = {},
): reapi.WriteRequest {
  return new reapi.WriteRequest()
    .setResourceName(fields.name ?? '')
    .setWriteOffset(fields.offset ?? 0)
    .setData(Uint8Array.from(fields.data ?? []))
    .setFinishWrite(fields.finish ?? false)
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
  { digest, bytes }: TestBlob,
  { name = uploadName(digest), chunkSize = 256 * 1024 } = {},
): Generator<reapi.WriteRequest> {
  for (let offset = 0; offset < bytes.length; offset += chunkSize) {
    const data = bytes.subarray(offset, offset + chunkSize)
    yield writeRequest({ name: offset === 0 ? name : '', offset, data, finish: offset + data.length === bytes.length })
  }
  if (bytes.length === 0) yield writeRequest({ name, finish: true })
}
