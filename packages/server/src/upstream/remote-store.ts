import { randomUUID } from 'node:crypto'
import {
  type BlobContent,
  type ByteRange,
  type ContentAddressableStorage,
  type Digest,
  DigestingCheck,
  GoregoError,
  isEmptyBlob,
  reapi,
} from '@gorego/core'
import type { Channel } from './channel.js'

const CAS = '/build.bazel.remote.execution.v2.ContentAddressableStorage'
const BYTE_STREAM = '/google.bytestream.ByteStream'

/** Digests that are asked for in one FindMissingBlobs. */
const DIGESTS_A_CALL = 10_000

/** What one WriteRequest carries. */
const CHUNK = 256 * 1024

/** The content-addressable storage of another server, over gRPC. */
export class RemoteStore implements ContentAddressableStorage {
  readonly #channel: Channel
  readonly #instance: string

  constructor(channel: Channel, instance: string) {
    this.#channel = channel
    this.#instance = instance
  }

  async findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    const wanted = [...new Map(digests.map((digest) => [digest.key, digest])).values()]
    const missing: Digest[] = []
    for (let at = 0; at < wanted.length; at += DIGESTS_A_CALL) {
      missing.push(...(await this.#findMissing(wanted.slice(at, at + DIGESTS_A_CALL), signal)))
    }
    return missing
  }

  async get(digest: Digest, signal?: AbortSignal): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    const hasher = digest.fn.createHasher()
    for await (const chunk of this.read(digest, {}, signal)) {
      hasher.update(chunk)
      chunks.push(chunk)
    }
    const blob = Buffer.concat(chunks)
    if (blob.length !== digest.sizeBytes || hasher.digest() !== digest.hash) {
      throw new GoregoError('internal', `the server sent something else as blob ${digest}`)
    }
    return blob
  }

  async *read(digest: Digest, range: ByteRange = {}, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    // A limit of 0 means everything.
    if (isEmptyBlob(digest) || range.length === 0) return
    const request = new reapi.ReadRequest()
      .setResourceName(this.#name(`blobs/${digest}`))
      .setReadOffset(range.offset ?? 0)
      .setReadLimit(range.length ?? 0)
    const responses = this.#channel.serverStream(
      `${BYTE_STREAM}/Read`,
      request,
      reapi.ReadResponse.deserializeBinary,
      signal,
    )
    for await (const response of responses) {
      const data = response.getData_asU8()
      // BR-09: a message without data says that the server is alive.
      if (data.length > 0) yield data
    }
  }

  async write(digest: Digest, content: BlobContent, signal?: AbortSignal): Promise<void> {
    const name = this.#name(`uploads/${randomUUID()}/blobs/${digest}`)
    await this.#channel.clientStream(
      `${BYTE_STREAM}/Write`,
      writeRequests(name, digest, content instanceof Uint8Array ? [content] : content),
      reapi.WriteResponse.deserializeBinary,
      signal,
    )
  }

  async #findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    const [first] = digests
    if (first === undefined) return []
    const request = new reapi.FindMissingBlobsRequest()
      .setInstanceName(this.#instance)
      .setDigestFunction(first.fn.value as reapi.DigestFunctionValue)
      .setBlobDigestsList(digests.map(reapi.toDigestMessage))
    const parse = reapi.FindMissingBlobsResponse.deserializeBinary
    const response = await this.#channel.unary(`${CAS}/FindMissingBlobs`, request, parse, signal)
    return response
      .getMissingBlobDigestsList()
      .map((digest) => reapi.fromDigestMessage(first.fn, digest, 'a missing digest'))
  }

  #name(tail: string): string {
    return this.#instance === '' ? tail : `${this.#instance}/${tail}`
  }
}

function* split(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield bytes.subarray(at, at + CHUNK)
}

/** Checks the content on its way: a server that has the blob already does not look at it (BW-08). */
async function* writeRequests(
  name: string,
  digest: Digest,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<reapi.WriteRequest> {
  const check = new DigestingCheck(digest)
  let offset = 0
  const request = () => new reapi.WriteRequest().setResourceName(offset === 0 ? name : '').setWriteOffset(offset)
  for await (const chunk of chunks) {
    check.update(chunk)
    for (const data of split(chunk)) {
      yield request().setData(data)
      offset += data.length
    }
  }
  check.finish()
  yield request().setFinishWrite(true)
}
