import { setImmediate as nextTurn } from 'node:timers/promises'
import { blobNotFound, type ContentAddressableStorage, missingBlobs } from '../cas/index.js'
import { Digest, type Hasher } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { ChunkMappings } from './chunk-mappings.js'
import { FastCdc } from './fast-cdc.js'
import { type FastCdcParameters, fastCdcParameters } from './fast-cdc-parameters.js'
import { Turns } from './turns.js'

/** Where blobs and chunks are, and how blobs are cut. */
export interface ChunkedBlobsOptions {
  /** Holds the blobs and their chunks. */
  readonly cas: ContentAddressableStorage
  /** Default: chunks of 512 KiB on average. */
  readonly parameters?: FastCdcParameters
}

/** A blob of more chunks is not cut, and not put together: some 10 GB of chunks of the default size. */
export const MAX_CHUNKS = 20_000

/** What REAPI recommends. */
const DEFAULT_AVERAGE_BYTES = 512 * 1024

/** For the chunks of some 100 GB of blobs. */
const MAPPINGS_BYTES = 8 * 1024 * 1024

/** Each reads, hashes and writes as fast as it can, on behalf of a request of some bytes; the others wait. */
const BLOBS_AT_ONCE = 2

/** Small chunks are read and written without waiting for anything: other work has to be let in. */
const CHUNKS_A_TURN = 16

/**
 * Blobs as sequences of chunks that are blobs of their own in the same store: similar blobs share most of theirs, so
 * whoever has one moves only the difference to get or to store the other. The chunks of a blob follow from its content
 * and `parameters` alone; where they are cut is remembered for a while, and found out again otherwise.
 */
export class ChunkedBlobs {
  readonly parameters: FastCdcParameters
  readonly #cas: ContentAddressableStorage
  readonly #mappings = new ChunkMappings(MAPPINGS_BYTES)
  readonly #turns = new Turns(BLOBS_AT_ONCE)

  constructor({ cas, parameters = fastCdcParameters(DEFAULT_AVERAGE_BYTES) }: ChunkedBlobsOptions) {
    this.#cas = cas
    this.parameters = parameters
  }

  /**
   * CH-02: the chunks that make up a blob, in order, all of them stored and their lives extended, like the blob's. A blob
   * that is smaller than the largest chunk is its own only one. Throws `not-found` for a blob that is absent or has too
   * many chunks, `resource-exhausted` where the store has no room for it and its chunks.
   */
  async split(blob: Digest, signal?: AbortSignal): Promise<readonly Digest[]> {
    if (await this.#isMissing(blob, signal)) throw blobNotFound(blob)
    if (blob.sizeBytes < this.parameters.maxBytes) return [blob]
    if (blob.sizeBytes > MAX_CHUNKS * this.parameters.averageBytes) throw tooManyChunks(blob)
    const known = this.#mappings.get(blob)
    if (known !== undefined && (await this.#cas.findMissing(known, signal)).length === 0) return known
    return this.#turns.run(async () => {
      // Whoever waited for a turn may have waited for somebody with the same blob.
      const chunks = this.#mappings.get(blob) ?? (await this.#cut(blob, signal))
      this.#mappings.set(blob, chunks)
      await this.#store(blob, chunks, signal)
      return chunks
    }, signal)
  }

  /**
   * CH-03: stores the blob that the chunks make up, in that order; does nothing but extend lives if it is there. Throws
   * `invalid-argument` for chunks that do not make it up, `not-found` with all chunks that are absent.
   */
  async splice(blob: Digest, chunks: readonly Digest[], signal?: AbortSignal): Promise<void> {
    checkChunks(blob, chunks)
    const missing = await this.#cas.findMissing(chunks, signal)
    if (!(await this.#isMissing(blob, signal))) return
    if (missing.length > 0) throw missingBlobs(missing, `to be put together, blob ${blob} needs`, 'not-found')
    await this.#turns.run(async () => {
      if (await this.#isMissing(blob, signal)) await this.#cas.write(blob, this.#concatenation(chunks, signal), signal)
    }, signal)
  }

  async #isMissing(blob: Digest, signal?: AbortSignal): Promise<boolean> {
    return (await this.#cas.findMissing([blob], signal)).length > 0
  }

  async #cut(blob: Digest, signal?: AbortSignal): Promise<Digest[]> {
    const { fn } = blob
    const cdc = new FastCdc(this.parameters, blob.sizeBytes)
    const chunks: Digest[] = []
    let hasher: Hasher = fn.createHasher()
    let hashed = 0
    for await (const piece of this.#cas.read(blob, {}, signal)) {
      let at = 0
      for (const length of cdc.push(piece)) {
        const end = at + length - hashed
        hasher.update(piece.subarray(at, end))
        chunks.push(Digest.of(fn, hasher.digest(), length))
        if (chunks.length > MAX_CHUNKS) throw tooManyChunks(blob)
        hasher = fn.createHasher()
        hashed = 0
        at = end
      }
      hasher.update(piece.subarray(at))
      hashed += piece.length - at
    }
    return chunks
  }

  /** Copies out of the blob those chunks that are not there yet, each once. */
  async #store(blob: Digest, chunks: readonly Digest[], signal?: AbortSignal): Promise<void> {
    const missing = new Set((await this.#cas.findMissing(chunks, signal)).map((chunk) => chunk.key))
    let offset = 0
    for (const chunk of chunks) {
      if (missing.delete(chunk.key)) {
        const content = this.#cas.read(blob, { offset, length: chunk.sizeBytes }, signal)
        // It was there when we began.
        await this.#cas.write(chunk, content, signal).catch((error) => {
          throw isNotFound(error) ? noRoom(blob, chunks) : error
        })
      }
      offset += chunk.sizeBytes
    }
    // The last ones may have pushed out the first.
    if ((await this.#cas.findMissing([...chunks, blob], signal)).length > 0) throw noRoom(blob, chunks)
  }

  async *#concatenation(chunks: readonly Digest[], signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    for (const [n, chunk] of chunks.entries()) {
      if (n % CHUNKS_A_TURN === CHUNKS_A_TURN - 1) await nextTurn(undefined, { signal })
      yield* this.#cas.read(chunk, {}, signal)
    }
  }
}

/** What can be known before anything is looked for. */
function checkChunks(blob: Digest, chunks: readonly Digest[]): void {
  if (chunks.length > MAX_CHUNKS) {
    throw new GoregoError(
      'invalid-argument',
      `${chunks.length} chunks are more than the ${MAX_CHUNKS} that a blob may have; upload it as a whole`,
    )
  }
  // CH-06
  if (chunks.some((chunk) => chunk.fn !== blob.fn)) {
    throw new GoregoError('invalid-argument', `the chunks of blob ${blob} have another digest function`)
  }
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.sizeBytes, 0)
  if (bytes !== blob.sizeBytes) {
    throw new GoregoError('invalid-argument', `the chunks of blob ${blob} add up to ${bytes} bytes`)
  }
}

/** CH-02: the protocol's answer for a blob that there is no split information about; clients read it whole then. */
function tooManyChunks(blob: Digest): GoregoError {
  return new GoregoError('not-found', `blob ${blob} would have more than ${MAX_CHUNKS} chunks; read it as a whole`)
}

function isNotFound(error: unknown): boolean {
  return error instanceof GoregoError && error.code === 'not-found'
}

function noRoom(blob: Digest, chunks: readonly Digest[]): GoregoError {
  return new GoregoError(
    'resource-exhausted',
    `the store has no room for blob ${blob} and its ${chunks.length} chunks at once; read the blob as a whole`,
  )
}
