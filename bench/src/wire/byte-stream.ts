import { randomUUID } from 'node:crypto'
import { type Digest, reapi } from '@gorego/core'
import type { Connection } from './connection.js'

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
  const name = blob === undefined ? '' : `uploads/${randomUUID()}/blobs/${blob.hash}/${blob.sizeBytes}`
  return new reapi.MessageWriter().text(1, name).varint(2, offset).varint(3, Number(last)).bytes(10, data).finish()
}

export async function writeBlob(connection: Connection, messages: Iterable<Buffer>, sizeBytes: number): Promise<void> {
  const answer = await connection.clientStream(WRITE, messages)
  const committed = reapi.WriteResponse.deserializeBinary(answer).getCommittedSize()
  if (committed !== sizeBytes) throw new Error(`${committed} bytes of a blob of ${sizeBytes} were committed`)
}

/** How long the content is of a message whose only field, of a number below 16, holds bytes: it is not looked at. */
function onlyFieldLength(message: Buffer): number {
  let header = 1
  while (header < message.length && (message[header] ?? 0) > 0x7f) header++
  return Math.max(0, message.length - header - 1)
}
