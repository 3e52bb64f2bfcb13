import { randomUUID } from 'node:crypto'
import { Digest, type DigestFunction, reapi, SHA256 } from '@gorego/core'
import type { BuiltBlob } from '@gorego/core/testing'
import {
  Client,
  type ClientWritableStream,
  status as codes,
  credentials,
  type Metadata,
  type ServiceError,
} from '@grpc/grpc-js'

const V2 = '/build.bazel.remote.execution.v2'
const CHUNK = 128 * 1024

/** A call that failed, in words: `RESOURCE_EXHAUSTED`, and what RetryInfo says. */
export class CallError extends Error {
  override readonly name = 'CallError'

  constructor(
    readonly code: string,
    message: string,
    readonly retryAfterMs: number | undefined,
  ) {
    super(`${code}: ${message}`)
  }

  static from({
    code,
    details,
    metadata,
  }: Pick<ServiceError, 'code' | 'details'> & { metadata?: Metadata }): CallError {
    const [packed] = metadata?.get('grpc-status-details-bin') ?? []
    const rpcStatus = Buffer.isBuffer(packed) ? reapi.RpcStatus.deserializeBinary(packed) : undefined
    return new CallError(codes[code] ?? String(code), details, rpcStatus && retryAfter(rpcStatus))
  }

  static fromStatus(rpcStatus: reapi.RpcStatus): CallError {
    return new CallError(codes[rpcStatus.getCode()] ?? '?', rpcStatus.getMessage(), retryAfter(rpcStatus))
  }
}

function retryAfter(rpcStatus: reapi.RpcStatus): number | undefined {
  for (const detail of rpcStatus.getDetailsList()) {
    const delay = reapi.unpackAny(detail, 'google.rpc.RetryInfo', reapi.RetryInfo)?.getRetryDelay()
    if (delay !== undefined) return reapi.durationToMillis(delay)
  }
  return undefined
}

/** What a client of the protocol does, call by call, on a connection of its own. What fails throws a CallError. */
export class TortureClient implements Disposable {
  readonly #client: Client

  constructor(address: string) {
    this.#client = new Client(address.replace(/^grpc:\/\//, ''), credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
    })
  }

  async findMissing(digests: readonly Digest[]): Promise<Set<string>> {
    const request = new reapi.FindMissingBlobsRequest().setBlobDigestsList(digests.map(reapi.toDigestMessage))
    const answer = await this.#unary(`${V2}.ContentAddressableStorage/FindMissingBlobs`, request)
    const missing = reapi.FindMissingBlobsResponse.deserializeBinary(answer).getMissingBlobDigestsList()
    return new Set(missing.map((message) => reapi.fromDigestMessage(SHA256, message, 'a missing blob').key))
  }

  /** One entry a blob: undefined for one that was stored. */
  async batchUpdate(blobs: readonly BuiltBlob[]): Promise<(CallError | undefined)[]> {
    const request = new reapi.BatchUpdateBlobsRequest()
    for (const { digest, bytes } of blobs) {
      const entry = new reapi.BatchUpdateBlobsRequest.Request()
      request.addRequests(entry.setDigest(reapi.toDigestMessage(digest)).setData(bytes))
    }
    const answer = await this.#unary(`${V2}.ContentAddressableStorage/BatchUpdateBlobs`, request)
    return reapi.BatchUpdateBlobsResponse.deserializeBinary(answer)
      .getResponsesList()
      .map((entry) => {
        const rpcStatus = entry.getStatus()
        return rpcStatus === undefined || rpcStatus.getCode() === 0 ? undefined : CallError.fromStatus(rpcStatus)
      })
  }

  async upload({ digest, bytes }: BuiltBlob): Promise<void> {
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const call = this.#client.makeClientStreamRequest(
        '/google.bytestream.ByteStream/Write',
        same,
        same,
        (error, answer) => (error === null ? resolve(answer ?? Buffer.alloc(0)) : reject(CallError.from(error))),
      )
      sendChunks(call, digest, bytes, 0)
    })
    const committed = reapi.WriteResponse.deserializeBinary(answer).getCommittedSize()
    if (committed !== digest.sizeBytes) throw new Error(`${committed} bytes of blob ${digest} were committed`)
  }

  /** Undefined for NOT_FOUND. Throws for bytes that are not what the digest says. */
  async read(digest: Digest): Promise<Buffer | undefined> {
    const chunks: Uint8Array[] = []
    const request = new reapi.ReadRequest().setResourceName(`blobs/${digest}`)
    try {
      await this.#stream('/google.bytestream.ByteStream/Read', request, (message) => {
        chunks.push(reapi.ReadResponse.deserializeBinary(message).getData_asU8())
      })
    } catch (error) {
      if (error instanceof CallError && error.code === 'NOT_FOUND') return undefined
      throw error
    }
    const bytes = Buffer.concat(chunks)
    if (!Digest.ofBytes(digest.fn, bytes).equals(digest)) throw new Error(`blob ${digest} came with other bytes`)
    return bytes
  }

  /** The response of the completed operation, whatever its status is. */
  async execute(action: Digest, { skipCacheLookup = false } = {}): Promise<reapi.ExecuteResponse> {
    const request = new reapi.ExecuteRequest()
      .setActionDigest(reapi.toDigestMessage(action))
      .setSkipCacheLookup(skipCacheLookup)
    let last: reapi.Operation | undefined
    await this.#stream(`${V2}.Execution/Execute`, request, (message) => {
      last = reapi.Operation.deserializeBinary(message)
    })
    const packed = last?.getDone() ? last.getResponse() : undefined
    if (packed === undefined) throw new Error('an Execute stream ended before its operation')
    return reapi.ExecuteResponse.deserializeBinary(packed.getValue_asU8())
  }

  /** Undefined for NOT_FOUND. */
  async actionResult(action: Digest): Promise<reapi.ActionResult | undefined> {
    const request = new reapi.GetActionResultRequest().setActionDigest(reapi.toDigestMessage(action))
    try {
      return reapi.ActionResult.deserializeBinary(await this.#unary(`${V2}.ActionCache/GetActionResult`, request))
    } catch (error) {
      if (error instanceof CallError && error.code === 'NOT_FOUND') return undefined
      throw error
    }
  }

  /** Stores a result of nothing but an exit code. */
  async putActionResult(action: Digest): Promise<void> {
    const result = new reapi.ActionResult().setExecutionMetadata(new reapi.ExecutedActionMetadata().setWorker('nobody'))
    const request = new reapi.UpdateActionResultRequest()
      .setActionDigest(reapi.toDigestMessage(action))
      .setActionResult(result)
    await this.#unary(`${V2}.ActionCache/UpdateActionResult`, request)
  }

  /** Every blob that a client may come for because of a result: files, what was printed, Trees and their files. */
  async outputsOf(result: reapi.ActionResult): Promise<Digest[]> {
    const found = digestsIn(result)
    for (const directory of result.getOutputDirectoriesList()) {
      const tree = await this.read(reapi.fromDigestMessage(SHA256, directory.getTreeDigest(), 'a Tree'))
      if (tree === undefined) throw new Error(`the Tree of ${directory.getPath()} was promised, and is missing`)
      found.push(...filesOf(reapi.Tree.deserializeBinary(tree)))
    }
    return found
  }

  [Symbol.dispose](): void {
    this.#client.close()
  }

  #unary(path: string, request: { serializeBinary(): Uint8Array }): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, same, same, Buffer.from(request.serializeBinary()), (error, answer) =>
        error === null ? resolve(answer ?? Buffer.alloc(0)) : reject(CallError.from(error)),
      )
    })
  }

  #stream(
    path: string,
    request: { serializeBinary(): Uint8Array },
    onMessage: (message: Buffer) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeServerStreamRequest(path, same, same, Buffer.from(request.serializeBinary()))
      call.on('data', onMessage)
      call.once('end', resolve)
      call.on('error', (error: ServiceError) => reject(CallError.from(error)))
    })
  }
}

function filesOf(tree: reapi.Tree): Digest[] {
  const root = tree.getRoot()
  const directories = [...(root === undefined ? [] : [root]), ...tree.getChildrenList()]
  const files = directories.flatMap((directory) => directory.getFilesList())
  return files.map((file) => reapi.fromDigestMessage(SHA256, file.getDigest(), 'a file of a Tree'))
}

function digestsIn(result: reapi.ActionResult, fn: DigestFunction = SHA256): Digest[] {
  const messages = [
    ...result.getOutputFilesList().map((file) => file.getDigest()),
    ...result.getOutputDirectoriesList().map((directory) => directory.getTreeDigest()),
    result.getStdoutDigest(),
    result.getStderrDigest(),
  ]
  return messages.flatMap((message) => (message === undefined ? [] : reapi.fromDigestMessage(fn, message, 'an output')))
}

function sendChunks(call: ClientWritableStream<Buffer>, digest: Digest, bytes: Uint8Array, from: number): void {
  for (let at = from; ; ) {
    const data = bytes.subarray(at, at + CHUNK)
    const request = new reapi.WriteRequest().setWriteOffset(at).setData(data)
    if (at === 0) request.setResourceName(`uploads/${randomUUID()}/blobs/${digest}`)
    const next = at + data.length
    request.setFinishWrite(next === bytes.length)
    const more = call.write(Buffer.from(request.serializeBinary()))
    if (next === bytes.length) {
      call.end()
      return
    }
    at = next
    if (!more) {
      call.once('drain', () => sendChunks(call, digest, bytes, next))
      return
    }
  }
}

function same(bytes: Buffer): Buffer {
  return bytes
}
