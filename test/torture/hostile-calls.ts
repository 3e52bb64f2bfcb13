import { randomUUID } from 'node:crypto'
import { paths } from '@gorego/conformance/client'
import { type Digest, reapi } from '@gorego/core'
import { type BuiltAction, blobOf, buildAction, type TestBlob } from '@gorego/core/testing'
import { Connection } from './hostile-connection.js'

/** Every RPC that there is. */
export { paths }

const OK = 0

/** What well-behaved clients do, and hostile ones too before they turn. Whatever fails here throws. */
export async function good(connection: Connection, path: string, message: Uint8Array): Promise<Buffer[]> {
  const { ending, messages } = await connection.ask(path, message)
  if (ending.code !== OK) throw new Error(`${path} ended with ${JSON.stringify(ending)}`)
  return messages
}

export async function store(connection: Connection, blobs: readonly TestBlob[]): Promise<void> {
  const request = new reapi.BatchUpdateBlobsRequest()
  for (const { digest, bytes } of blobs) {
    request.addRequests(
      new reapi.BatchUpdateBlobsRequest.Request()
        .setDigest(reapi.toDigestMessage(digest))
        .setData(Uint8Array.from(bytes)),
    )
  }
  await good(connection, paths.batchUpdateBlobs, request.serializeBinary())
}

/** Large ones, over ByteStream. */
export async function upload(connection: Connection, { digest, bytes }: TestBlob): Promise<void> {
  const call = connection.call(paths.write)
  const chunkSize = 1024 * 1024
  for (let offset = 0; offset < bytes.length; offset += chunkSize) {
    const data = bytes.subarray(offset, offset + chunkSize)
    call.send(writeRequest(digest, { offset, data, finish: offset + data.length === bytes.length }))
  }
  call.end()
  call.stream.resume()
  const ending = await call.ended
  if (ending.code !== OK) throw new Error(`the upload of ${digest} ended with ${JSON.stringify(ending)}`)
}

export function writeRequest(
  digest: Digest,
  {
    offset = 0,
    data = new Uint8Array(0),
    finish = false,
  }: { offset?: number; data?: Uint8Array; finish?: boolean } = {},
): Uint8Array {
  return new reapi.WriteRequest()
    .setResourceName(offset === 0 ? `uploads/${randomUUID()}/blobs/${digest}` : '')
    .setWriteOffset(offset)
    .setData(Uint8Array.from(data))
    .setFinishWrite(finish)
    .serializeBinary()
}

export function readRequest(digest: Digest): Uint8Array {
  return new reapi.ReadRequest().setResourceName(`blobs/${digest}`).serializeBinary()
}

export function executeRequest(action: Pick<BuiltAction, 'digest'>): Uint8Array {
  return new reapi.ExecuteRequest().setActionDigest(reapi.toDigestMessage(action.digest)).serializeBinary()
}

/** An action of `/bin/sh -c script`, different from all others unless it has a salt. */
export function shellAction(script: string, salt: string = randomUUID()): BuiltAction {
  return buildAction({ argv: ['/bin/sh', '-c', script], env: [['PATH', '/usr/bin:/bin']], outputPaths: ['out'], salt })
}

/** The operations that have not completed. */
export async function openOperations(port: number): Promise<reapi.Operation[]> {
  using connection = await Connection.open(port)
  const request = new reapi.ListOperationsRequest().setName('operations').setFilter('done=false').setPageSize(1000)
  const [answer] = await good(connection, paths.listOperations, request.serializeBinary())
  return reapi.ListOperationsResponse.deserializeBinary(answer ?? Buffer.alloc(0)).getOperationsList()
}

/** What a completed execution says; throws for a stream that ended otherwise. */
export function executed(messages: readonly Buffer[]): reapi.ExecuteResponse {
  const last = messages.at(-1)
  const operation = last === undefined ? undefined : reapi.Operation.deserializeBinary(last)
  const response = operation?.getResponse()
  if (response === undefined) throw new Error('an execution ended without a response')
  return reapi.ExecuteResponse.deserializeBinary(response.getValue_asU8())
}

/** A whole build of one action: upload, execute, read what it wrote. Throws unless all of it is right. */
export async function build(port: number, script = ':'): Promise<void> {
  using connection = await Connection.open(port)
  const word = randomUUID()
  const action = shellAction(`${script}; echo ${word} > out`)
  await store(connection, action.blobs)
  const response = executed(await good(connection, paths.execute, executeRequest(action)))
  const [output] = response.getResult()?.getOutputFilesList() ?? []
  const { digest } = blobOf(`${word}\n`)
  if (output?.getDigest()?.getHash() !== digest.hash) {
    throw new Error(`a build went wrong: ${JSON.stringify(response.toObject())}`)
  }
  const [read] = await good(connection, paths.read, readRequest(digest))
  const data = reapi.ReadResponse.deserializeBinary(read ?? Buffer.alloc(0)).getData_asU8()
  if (Buffer.from(data).toString() !== `${word}\n`) throw new Error('an output that was read is not what was written')
}
