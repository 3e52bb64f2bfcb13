import { reapi } from '@gorego/core'
import type { Blob } from '../content/build-action.js'
import type { Connection } from './connection.js'
import { digestMessage } from './digest-message.js'

export const BATCH_UPDATE = '/build.bazel.remote.execution.v2.ContentAddressableStorage/BatchUpdateBlobs'

const BATCH_BYTES = 2 * 1024 * 1024
const BATCH_BLOBS = 1000

/** Stores small blobs, as preparation of a workload. */
export async function uploadBlobs(connection: Connection, blobs: Iterable<Blob>): Promise<void> {
  let batch = new reapi.BatchUpdateBlobsRequest()
  let bytes = 0
  for (const blob of blobs) {
    if (bytes + blob.bytes.length > BATCH_BYTES || batch.getRequestsList().length >= BATCH_BLOBS) {
      await send(connection, batch)
      batch = new reapi.BatchUpdateBlobsRequest()
      bytes = 0
    }
    const request = new reapi.BatchUpdateBlobsRequest.Request()
    batch.addRequests(request.setDigest(digestMessage(blob.digest)).setData(blob.bytes))
    bytes += blob.bytes.length
  }
  await send(connection, batch)
}

async function send(connection: Connection, batch: reapi.BatchUpdateBlobsRequest): Promise<void> {
  if (batch.getRequestsList().length === 0) return
  const answer = await connection.unary(BATCH_UPDATE, Buffer.from(batch.serializeBinary()))
  for (const response of reapi.BatchUpdateBlobsResponse.deserializeBinary(answer).getResponsesList()) {
    const status = response.getStatus()
    if (status !== undefined && status.getCode() !== 0) throw new Error(`an upload failed: ${status.getMessage()}`)
  }
}
