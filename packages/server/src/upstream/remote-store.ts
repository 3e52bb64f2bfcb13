import { randomUUID } from 'node:crypto'
import {
  type BlobContent,
  type ByteRange,
  type ContentAddressableStorage,
  CorruptBlobError,
  type Digest,
  DigestingCheck,
  GoregoError,
  isEmptyBlob,
  reapi,
} from '@gorego/core'
import type { Compressor } from '../compression/compressor.js'
import { type AgreedCompression, isRefusal } from './agreed-compression.js'
import { BlamedSource } from './blamed-source.js'
import type { Caller } from './caller.js'
import type { SmallBlobs } from './small-blobs.js'
import { unpackBlob } from './unpack-blob.js'

const CAS = '/build.bazel.remote.execution.v2.ContentAddressableStorage'
const BYTE_STREAM = '/google.bytestream.ByteStream'

/** Digests that are asked for in one FindMissingBlobs. */
const DIGESTS_A_CALL = 10_000

/** What one WriteRequest carries. */
const CHUNK = 256 * 1024

/** Smaller blobs gain nothing that is worth the time. */
const SMALLEST_COMPRESSED = 512

/** The content-addressable storage of another server, over gRPC. */
export class RemoteStore implements ContentAddressableStorage {
  readonly #caller: Caller
  readonly #instance: string
  readonly #compression: AgreedCompression | undefined
  readonly #smallBlobs: SmallBlobs | undefined

  /** Without `compression` blobs go as they are; without `smallBlobs` each goes by itself. */
  constructor(caller: Caller, instance: string, compression?: AgreedCompression, smallBlobs?: SmallBlobs) {
    this.#caller = caller
    this.#instance = instance
    this.#compression = compression
    this.#smallBlobs = smallBlobs
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
    const check = new DigestingCheck(digest)
    const verify = (step: () => void) => {
      try {
        step()
      } catch (error) {
        throw new CorruptBlobError(digest, GoregoError.from(error).message, error)
      }
    }
    for await (const chunk of this.read(digest, {}, signal)) {
      verify(() => check.update(chunk))
      chunks.push(chunk)
    }
    verify(() => check.finish())
    return Buffer.concat(chunks)
  }

  async *read(digest: Digest, range: ByteRange = {}, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    // A limit of 0 means everything.
    if (isEmptyBlob(digest) || range.length === 0) return
    const { offset = 0 } = range
    const expected = digest.sizeBytes - offset
    // BR-07: what is compressed is read to its end.
    const toTheEnd = range.length === undefined || range.length >= expected
    if (toTheEnd && offset === 0 && this.#smallBlobs?.takes(digest)) {
      const content = await this.#smallBlobs.read(digest, signal)
      if (content !== undefined) return yield content
    }
    const compressor = toTheEnd ? await this.#compressorFor(digest, signal) : undefined
    if (compressor !== undefined) {
      let begun = false
      const packed = this.#read(`compressed-blobs/${compressor.name}/${digest}`, { offset }, signal)
      try {
        for await (const chunk of unpackBlob(packed, { compressor, digest, expected })) {
          begun = true
          yield chunk
        }
        return
      } catch (error) {
        if (begun || !isRefusal(error)) throw error
        this.#compression?.refused(error)
      }
    }
    yield* this.#read(`blobs/${digest}`, range, signal)
  }

  async write(digest: Digest, content: BlobContent, signal?: AbortSignal): Promise<void> {
    if (!this.#smallBlobs?.takes(digest)) return await this.#stream(digest, content, signal)
    const whole = await collected(digest, content)
    if (!(await this.#smallBlobs.write(digest, whole, signal))) await this.#stream(digest, whole, signal)
  }

  async #stream(digest: Digest, content: BlobContent, signal?: AbortSignal): Promise<void> {
    const compressor = await this.#compressorFor(digest, signal)
    const checked = checkedContent(digest, content instanceof Uint8Array ? [content] : content)
    const upload = `uploads/${randomUUID()}`
    if (compressor === undefined) return await this.#write(`${upload}/blobs/${digest}`, checked, signal)
    const source = new BlamedSource(checked)
    try {
      await this.#write(`${upload}/compressed-blobs/${compressor.name}/${digest}`, compressor.compress(source), signal)
    } catch (error) {
      if (source.threw(error) || !isRefusal(error)) throw error
      this.#compression?.refused(error)
      throw new GoregoError(
        'aborted',
        `the server does not take blobs compressed; try again without: ${error.message}`,
        {
          cause: error,
        },
      )
    }
  }

  async #compressorFor({ sizeBytes }: Digest, signal: AbortSignal | undefined): Promise<Compressor | undefined> {
    return sizeBytes < SMALLEST_COMPRESSED ? undefined : await this.#compression?.current(signal)
  }

  async *#read(name: string, { offset, length }: ByteRange, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const request = new reapi.ReadRequest()
      .setResourceName(this.#name(name))
      .setReadOffset(offset ?? 0)
      .setReadLimit(length ?? 0)
    const parse = reapi.ReadResponse.deserializeBinary
    for await (const response of this.#caller.serverStream(`${BYTE_STREAM}/Read`, request, parse, signal)) {
      const data = response.getData_asU8()
      // BR-09: a message without data says that the server is alive.
      if (data.length > 0) yield data
    }
  }

  async #write(name: string, data: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<void> {
    const requests = writeRequests(this.#name(name), data)
    await this.#caller.clientStream(`${BYTE_STREAM}/Write`, requests, reapi.WriteResponse.deserializeBinary, signal)
  }

  async #findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    const [first] = digests
    if (first === undefined) return []
    const request = new reapi.FindMissingBlobsRequest()
      .setInstanceName(this.#instance)
      .setDigestFunction(first.fn.value as reapi.DigestFunctionValue)
      .setBlobDigestsList(digests.map(reapi.toDigestMessage))
    const parse = reapi.FindMissingBlobsResponse.deserializeBinary
    const response = await this.#caller.unary(`${CAS}/FindMissingBlobs`, request, parse, signal)
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
async function* checkedContent(
  digest: Digest,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const check = new DigestingCheck(digest)
  for await (const chunk of chunks) {
    check.update(chunk)
    yield chunk
  }
  check.finish()
}

/** All of a small blob, checked. Chunks are copied, for whoever made them may use their memory again. */
async function collected(digest: Digest, content: BlobContent): Promise<Uint8Array> {
  const whole = Buffer.allocUnsafe(digest.sizeBytes)
  let at = 0
  for await (const chunk of checkedContent(digest, content instanceof Uint8Array ? [content] : content)) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

async function* writeRequests(name: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<reapi.WriteRequest> {
  let offset = 0
  const request = () => new reapi.WriteRequest().setResourceName(offset === 0 ? name : '').setWriteOffset(offset)
  for await (const chunk of chunks) {
    for (const data of split(chunk)) {
      yield request().setData(data)
      offset += data.length
    }
  }
  yield request().setFinishWrite(true)
}
