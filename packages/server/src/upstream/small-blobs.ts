import { type Digest, type ErrorCode, GoregoError, reapi } from '@gorego/core'
import type { Compressor } from '../compression/compressor.js'
import { packBlob } from '../services/batch-compression.js'
import { fromRpcStatus } from '../wire/status.js'
import { type AgreedCompression, isRefusal } from './agreed-compression.js'
import type { AnnouncedCapabilities } from './announced-capabilities.js'
import { Batches } from './batches.js'
import type { Caller } from './caller.js'
import { unpackBlob } from './unpack-blob.js'

const CAS = '/build.bazel.remote.execution.v2.ContentAddressableStorage'

/** Larger blobs gain nothing by company: the call is a small part of what they cost. */
const LARGEST_SMALL = 64 * 1024

/** What the blobs of a batch may have: enough to make the call's own cost small, and little enough to get through a slow line while a call may be silent. */
const MAX_BATCH_BYTES = 1024 * 1024

/** What an entry takes beside its blob: digest, tags and lengths. */
const ENTRY_OVERHEAD = 200

/** What is no word on batches or on what is in one: it would be said of a stream as well. */
const OF_THE_SERVER: ReadonlySet<ErrorCode> = new Set([
  'unavailable',
  'deadline-exceeded',
  'resource-exhausted',
  'aborted',
  'cancelled',
  'unauthenticated',
  'permission-denied',
])

/** After `unimplemented`, for so long nobody tries. */
const TRY_AGAIN_MS = 60_000

export interface SmallBlobsOptions {
  readonly caller: Caller
  readonly instance: string
  readonly capabilities: AnnouncedCapabilities
  readonly compression: AgreedCompression | undefined
}

interface Update {
  readonly digest: Digest
  readonly data: Uint8Array
  readonly compressor: number
}

/** Compressed or not, as it came. */
interface Sent {
  readonly data: Uint8Array
  readonly compressor: number
}

interface Question {
  readonly digest: Digest
  readonly compressor: Compressor | undefined
}

/** Blobs that are worth no call of their own: those that are on their way at one moment go in one (BatchUpdateBlobs, BatchReadBlobs). */
export class SmallBlobs {
  readonly #options: SmallBlobsOptions
  readonly #updates: Batches<Update, true>
  readonly #reads: Batches<Question, Sent | undefined>
  #notBefore = 0

  constructor(options: SmallBlobsOptions) {
    this.#options = options
    this.#updates = new Batches({
      send: (updates, signal) => this.#update(updates, signal),
      kindOf: ({ digest }) => digest.fn,
      sizeOf: ({ data }) => data.length + ENTRY_OVERHEAD,
    })
    this.#reads = new Batches({
      send: (questions, signal) => this.#read(questions, signal),
      kindOf: ({ digest }) => digest.fn,
      sizeOf: ({ digest }) => digest.sizeBytes + ENTRY_OVERHEAD,
    })
  }

  takes({ sizeBytes }: Digest): boolean {
    return sizeBytes > 0 && sizeBytes <= LARGEST_SMALL && performance.now() >= this.#notBefore
  }

  /** False where it has to be sent in another way. `content` must be what the digest says. */
  async write(digest: Digest, content: Uint8Array, signal: AbortSignal | undefined): Promise<boolean> {
    const { capabilities, compression } = this.#options
    const announced = await capabilities.current(signal)
    const maxBytes = roomOf(announced)
    if (digest.sizeBytes + ENTRY_OVERHEAD > maxBytes) return false
    const compressor = await compression?.current(signal)
    const offered = announced.getSupportedBatchUpdateCompressorsList() as readonly number[]
    const used = compressor !== undefined && offered.includes(compressor.value) ? [compressor] : []
    const packed = await packBlob(content, new Set(offered), used)
    try {
      return (await this.#orByItself(() => this.#updates.add({ digest, ...packed }, maxBytes, signal))) ?? false
    } catch (error) {
      // What it says of something compressed need not be true of the blob.
      if (packed.compressor === reapi.Compressor.Value.IDENTITY || !isRefusal(error)) throw error
      return false
    }
  }

  /** Undefined where it has to be asked for in another way. What comes is not checked. */
  async read(digest: Digest, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    const { capabilities, compression } = this.#options
    const maxBytes = roomOf(await capabilities.current(signal))
    if (digest.sizeBytes + ENTRY_OVERHEAD > maxBytes) return undefined
    const compressor = await compression?.current(signal)
    const sent = await this.#orByItself(() => this.#reads.add({ digest, compressor }, maxBytes, signal))
    if (sent === undefined || sent.compressor === reapi.Compressor.Value.IDENTITY) return sent?.data
    // RD-03: nobody asked for it.
    if (compressor?.value !== sent.compressor) return undefined
    const content: Uint8Array[] = []
    for await (const chunk of unpackBlob(once(sent.data), { compressor, digest, expected: digest.sizeBytes }))
      content.push(chunk)
    return Buffer.concat(content)
  }

  /** A batch that is refused may be so because of one in it, or because there are no batches: then each goes by itself. */
  async #orByItself<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof BatchRefused) return undefined
      throw error
    }
  }

  async #update(updates: readonly Update[], signal: AbortSignal): Promise<(true | GoregoError)[]> {
    const entries = new Map(updates.map((update) => [update.digest.key, update]))
    const request = new reapi.BatchUpdateBlobsRequest().setInstanceName(this.#options.instance).setRequestsList(
      [...entries.values()].map(({ digest, data, compressor }) =>
        new reapi.BatchUpdateBlobsRequest.Request()
          .setDigest(reapi.toDigestMessage(digest))
          .setData(data)
          .setCompressor(compressor as reapi.CompressorValue),
      ),
    )
    setFunction(request, updates)
    const parse = reapi.BatchUpdateBlobsResponse.deserializeBinary
    const response = await this.#call(`${CAS}/BatchUpdateBlobs`, request, parse, signal)
    const fates = new Map(response.getResponsesList().map((each) => [keyOf(each.getDigest()), each.getStatus()]))
    return updates.map(({ digest }) => {
      const key = keyOf(reapi.toDigestMessage(digest))
      if (!fates.has(key)) return new GoregoError('aborted', `it is not said what became of ${digest} in a batch`)
      const status = fates.get(key)
      return status === undefined || status.getCode() === 0 ? true : fromRpcStatus(status)
    })
  }

  async #read(questions: readonly Question[], signal: AbortSignal): Promise<(Sent | undefined | GoregoError)[]> {
    const wanted = new Map(questions.map(({ digest }) => [digest.key, digest]))
    const compressors = new Set(questions.flatMap(({ compressor }) => compressor?.value ?? []))
    const request = new reapi.BatchReadBlobsRequest()
      .setInstanceName(this.#options.instance)
      .setDigestsList([...wanted.values()].map(reapi.toDigestMessage))
      .setAcceptableCompressorsList([...compressors] as reapi.CompressorValue[])
    setFunction(request, questions)
    const parse = reapi.BatchReadBlobsResponse.deserializeBinary
    const response = await this.#call(`${CAS}/BatchReadBlobs`, request, parse, signal)
    const answers = new Map(response.getResponsesList().map((each) => [keyOf(each.getDigest()), each]))
    return questions.map(({ digest }) => {
      const answer = answers.get(keyOf(reapi.toDigestMessage(digest)))
      const status = answer?.getStatus()
      if (status !== undefined && status.getCode() !== 0) return fromRpcStatus(status)
      return answer && { data: answer.getData_asU8(), compressor: answer.getCompressor() }
    })
  }

  async #call<T>(
    path: string,
    request: Parameters<Caller['unary']>[1],
    parse: (bytes: Uint8Array) => T,
    signal: AbortSignal,
  ): Promise<T> {
    try {
      return await this.#options.caller.unary(path, request, parse, signal)
    } catch (error) {
      if (!(error instanceof GoregoError) || OF_THE_SERVER.has(error.code)) throw error
      if (error.code === 'unimplemented') this.#notBefore = performance.now() + TRY_AGAIN_MS
      throw new BatchRefused(error.message, { cause: error })
    }
  }
}

class BatchRefused extends Error {}

/** Servers that set no limit have that of gRPC's messages. */
function roomOf(announced: reapi.CacheCapabilities): number {
  const limit = announced.getMaxBatchTotalSizeBytes()
  return limit > 0 ? Math.min(limit, MAX_BATCH_BYTES) : MAX_BATCH_BYTES
}

function setFunction(
  request: { setDigestFunction(value: reapi.DigestFunctionValue): unknown },
  [first]: readonly { readonly digest: Digest }[],
): void {
  if (first !== undefined) request.setDigestFunction(first.digest.fn.value as reapi.DigestFunctionValue)
}

function keyOf(digest: reapi.Digest | undefined): string {
  return `${digest?.getHash()}/${digest?.getSizeBytes()}`
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
