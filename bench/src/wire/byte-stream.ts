import { randomUUID } from 'node:crypto'
import { type Digest, reapi } from '@gorego/core'
import type { Connection } from './connection.js'
import { bytesField, onlyFieldLength, varintField } from './fields.js'

const READ = '/google.bytestream.ByteStream/Read'
const WRITE = '/google.bytestream.ByteStream/Write'

type BlobName = Pick<Digest, 'hash' | 'sizeBytes'>

export function readRequest({ hash, sizeBytes }: BlobName): Buffer {
  return Buffer.from(new reapi.ReadRequest().setResourceName(`blobs/${hash}/${sizeBytes}`).serializeBinary())
}

/** Reads a blob and counts its bytes; nothing is hashed. */
export async function readBlob(connection: Connection, request: Buffer, sizeBytes: number): Promise<void> {
  let received = 0
  await connection.serverStream(READ, request, (message) => {
    received += onlyFieldLength(message)
  })
  if (received !== sizeBytes) throw new Error(`${received} bytes of a blob of ${sizeBytes} were received`)
}

/** A WriteRequest. The first one of an upload names the blob. */
export function writeRequest(chunk: { blob?: BlobName; offset: number; data: Uint8Array; last: boolean }): Buffer {
  const { blob, offset, data, last } = chunk
  const name = blob && Buffer.from(`uploads/${randomUUID()}/blobs/${blob.hash}/${blob.sizeBytes}`)
  return Buffer.concat([
    ...(name === undefined ? [] : [bytesField(1, name)]),
    ...(offset === 0 ? [] : [varintField(2, offset)]),
    ...(last ? [varintField(3, 1)] : []),
    bytesField(10, data),
  ])
}

export async function writeBlob(connection: Connection, messages: Iterable<Buffer>, sizeBytes: number): Promise<void> {
  const answer = await connection.clientStream(WRITE, messages)
  const committed = reapi.WriteResponse.deserializeBinary(answer).getCommittedSize()
  if (committed !== sizeBytes) throw new Error(`${committed} bytes of a blob of ${sizeBytes} were committed`)
}
