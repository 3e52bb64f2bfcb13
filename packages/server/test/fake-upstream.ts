import { reapi } from '@gorego/core'
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js'

export interface FakeUpstreamOptions {
  /** What it says that it can: numbers of `Compressor.Value`. */
  compressors: readonly number[]
  /** What it sends for a resource name; undefined for a name that it refuses with INVALID_ARGUMENT. */
  sends: (name: string) => readonly Uint8Array[] | undefined
  /** What it says of batches, and does with them; without, they are UNIMPLEMENTED. A code refuses all of a batch. */
  batches?: {
    readonly maxBytes: number
    readonly update: (
      request: reapi.BatchUpdateBlobsRequest,
    ) => reapi.BatchUpdateBlobsResponse | status | Promise<never>
    readonly read: (request: reapi.BatchReadBlobsRequest) => reapi.BatchReadBlobsResponse | status | Promise<never>
  }
}

/** A server that says it has every blob, and then does what a test wants. What is written to it is refused by the same rule. */
export class FakeUpstream implements AsyncDisposable {
  readonly target: string
  /** Resource names of the reads and writes that came. */
  readonly names: string[] = []
  /** What came with each GetCapabilities. */
  readonly metadata: Metadata[] = []
  readonly #server: Server

  private constructor(server: Server, port: number, names: string[], metadata: Metadata[]) {
    this.#server = server
    this.target = `grpc://127.0.0.1:${port}`
    this.names = names
    this.metadata = metadata
  }

  /** What the options say may change while it runs. */
  static async start(options: FakeUpstreamOptions): Promise<FakeUpstream> {
    const names: string[] = []
    const metadata: Metadata[] = []
    const server = new Server()
    const same = (bytes: Buffer) => bytes
    const method = (path: string, requestStream: boolean, responseStream: boolean) => ({
      path,
      requestStream,
      responseStream,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    })
    const { batches } = options
    type Respond = sendUnaryData<Buffer>
    const answer = async (respond: Respond, response: { serializeBinary(): Uint8Array } | status | Promise<never>) => {
      const ready = await response
      if (typeof ready === 'number') respond({ code: ready, details: 'so it was told' })
      else respond(null, Buffer.from(ready.serializeBinary()))
    }
    if (batches !== undefined) {
      const CAS = '/build.bazel.remote.execution.v2.ContentAddressableStorage'
      server.addService(
        {
          update: method(`${CAS}/BatchUpdateBlobs`, false, false),
          read: method(`${CAS}/BatchReadBlobs`, false, false),
        },
        {
          update: ({ request }: ServerUnaryCall<Buffer, Buffer>, respond: Respond) =>
            answer(respond, batches.update(reapi.BatchUpdateBlobsRequest.deserializeBinary(request))),
          read: ({ request }: ServerUnaryCall<Buffer, Buffer>, respond: Respond) =>
            answer(respond, batches.read(reapi.BatchReadBlobsRequest.deserializeBinary(request))),
        },
      )
    }
    const refused = { code: status.INVALID_ARGUMENT, details: 'no such name' }
    server.addService(
      {
        capabilities: method('/build.bazel.remote.execution.v2.Capabilities/GetCapabilities', false, false),
        findMissing: method(
          '/build.bazel.remote.execution.v2.ContentAddressableStorage/FindMissingBlobs',
          false,
          false,
        ),
        read: method('/google.bytestream.ByteStream/Read', false, true),
        write: method('/google.bytestream.ByteStream/Write', true, false),
      },
      {
        capabilities(call: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>) {
          metadata.push(call.metadata)
          const compressors = [...options.compressors] as reapi.CompressorValue[]
          const cache = new reapi.CacheCapabilities()
            .setSupportedCompressorsList(compressors)
            .setSupportedBatchUpdateCompressorsList(compressors)
            .setMaxBatchTotalSizeBytes(batches?.maxBytes ?? 0)
          respond(null, Buffer.from(new reapi.ServerCapabilities().setCacheCapabilities(cache).serializeBinary()))
        },
        findMissing(_: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>) {
          respond(null, Buffer.alloc(0))
        },
        read(call: ServerWritableStream<Buffer, Buffer>) {
          const name = reapi.ReadRequest.deserializeBinary(call.request).getResourceName()
          names.push(name)
          const chunks = options.sends(name)
          if (chunks === undefined) return void call.emit('error', refused)
          for (const chunk of chunks) call.write(Buffer.from(new reapi.ReadResponse().setData(chunk).serializeBinary()))
          call.end()
        },
        write(call: ServerReadableStream<Buffer, Buffer>, respond: sendUnaryData<Buffer>) {
          let received = 0
          let name = ''
          call.on('data', (bytes: Buffer) => {
            const request = reapi.WriteRequest.deserializeBinary(bytes)
            if (name === '') {
              name = request.getResourceName()
              names.push(name)
              if (options.sends(name) === undefined) respond(refused)
            }
            received += request.getData_asU8().length
          })
          call.on('end', () => {
            respond(null, Buffer.from(new reapi.WriteResponse().setCommittedSize(received).serializeBinary()))
          })
        },
      },
    )
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    )
    return new FakeUpstream(server, port, names, metadata)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown()
  }
}
