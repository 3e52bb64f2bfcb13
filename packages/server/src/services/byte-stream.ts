import { setImmediate as nextTurn } from 'node:timers/promises'
import { blobNotFound, type ContentAddressableStorage, type Digest, GoregoError, reapi } from '@gorego/core'
import { encodeReadResponse, parseWriteRequest, type WriteMessage } from '../wire/byte-stream-messages.js'
import { clientStream, serverStream, unary } from '../wire/method.js'
import { parseReadName, parseWriteName } from '../wire/resource-name.js'
import { checkBlobSize } from './content-addressable-storage.js'
import type { Service } from './service.js'

const SERVICE = '/google.bytestream.ByteStream'

/** How often an upload looks whether somebody else has finished the same blob meanwhile, in messages. */
const MESSAGES_A_LOOK = 32

export interface ByteStreamOptions {
  readonly cas: ContentAddressableStorage
  readonly maxBlobBytes: number
}

export function byteStreamService({ cas, maxBlobBytes }: ByteStreamOptions): Service {
  return [
    serverStream(`${SERVICE}/Read`, reapi.ReadRequest.deserializeBinary, (request, { signal }) => {
      const { digest } = parseReadName(request.getResourceName())
      return read(cas, digest, request.getReadOffset(), request.getReadLimit(), signal)
    }),
    clientStream(`${SERVICE}/Write`, parseWriteRequest, async (requests, { signal }) => {
      const upload = await Upload.begin(requests)
      checkBlobSize(upload.digest, maxBlobBytes)
      // BW-08: nobody has to send what is here already.
      if (!(await isThere(cas, upload.digest))) await upload.store(cas, signal)
      return new reapi.WriteResponse().setCommittedSize(upload.digest.sizeBytes)
    }),
    unary(`${SERVICE}/QueryWriteStatus`, reapi.QueryWriteStatusRequest.deserializeBinary, async (request) => {
      const { digest } = parseWriteName(request.getResourceName())
      // QS-01, QS-02: an upload that broke off is gone, and starts again at 0.
      const complete = await isThere(cas, digest)
      return new reapi.QueryWriteStatusResponse()
        .setCommittedSize(complete ? digest.sizeBytes : 0)
        .setComplete(complete)
    }),
  ]
}

async function* read(
  cas: ContentAddressableStorage,
  digest: Digest,
  offset: number,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  if (!(limit >= 0)) throw new GoregoError('invalid-argument', `read_limit is ${limit}: want 0 or more`)
  // BR-01 before BR-03: what is not there has no size to be beyond.
  if (!(await isThere(cas, digest))) throw blobNotFound(digest)
  if (!(offset >= 0 && offset <= digest.sizeBytes)) {
    throw new GoregoError(
      'out-of-range',
      `read_offset is ${offset}, outside of the ${digest.sizeBytes} bytes of blob ${digest}`,
    )
  }
  const rest = digest.sizeBytes - offset
  const length = limit === 0 ? rest : Math.min(limit, rest)
  if (length === 0) return
  for await (const chunk of cas.read(digest, { offset, length }, signal)) yield encodeReadResponse(chunk)
}

async function isThere(cas: ContentAddressableStorage, digest: Digest): Promise<boolean> {
  return (await cas.findMissing([digest])).length === 0
}

/** Ends an upload early, and well: the blob is there. */
const COMPLETED_BY_ANOTHER = Symbol('completed by another writer')

/** The requests of one Write, of which the first says what it is about. */
class Upload {
  readonly digest: Digest
  readonly #first: WriteMessage
  readonly #requests: AsyncIterator<WriteMessage>

  private constructor(first: WriteMessage, requests: AsyncIterator<WriteMessage>) {
    this.digest = parseWriteName(first.resourceName).digest
    this.#first = first
    this.#requests = requests
  }

  static async begin(requests: AsyncIterable<WriteMessage>): Promise<Upload> {
    const iterator = requests[Symbol.asyncIterator]()
    const first = await iterator.next()
    if (first.done) throw new GoregoError('invalid-argument', 'the upload ended before its first request')
    // BW-01
    if (first.value.resourceName === '')
      throw new GoregoError('invalid-argument', 'the first request of an upload must carry resource_name')
    return new Upload(first.value, iterator)
  }

  async store(cas: ContentAddressableStorage, signal: AbortSignal): Promise<void> {
    try {
      await cas.write(this.digest, this.#data(cas), signal)
    } catch (error) {
      if (error !== COMPLETED_BY_ANOTHER) throw error
    }
  }

  async *#data(cas: ContentAddressableStorage): AsyncGenerator<Uint8Array> {
    let received = 0
    let messages = 0
    for (let message = this.#first; ; message = await this.#next()) {
      this.#check(message, received)
      received += message.data.length
      if (message.data.length > 0) yield message.data
      if (message.finishWrite) break
      if (++messages % MESSAGES_A_LOOK === 0 && (await isThere(cas, this.digest))) throw COMPLETED_BY_ANOTHER
    }
    await this.#refuseMore()
  }

  async #next(): Promise<WriteMessage> {
    const next = await this.#requests.next()
    if (!next.done) return next.value
    throw new GoregoError(
      'invalid-argument',
      `the upload of blob ${this.digest} ended without finish_write: nothing was stored`,
    )
  }

  #check({ resourceName, writeOffset }: WriteMessage, received: number): void {
    if (resourceName !== '' && resourceName !== this.#first.resourceName) {
      throw new GoregoError('invalid-argument', 'resource_name changed in the middle of an upload')
    }
    // BW-02: uploads start at 0, as QueryWriteStatus says.
    if (writeOffset !== received) {
      throw new GoregoError('invalid-argument', `write_offset is ${writeOffset} where ${received} comes next`)
    }
  }

  /** BW-04. Some clients wait for the answer before they close their side, so only what is here already counts. */
  async #refuseMore(): Promise<void> {
    const more = await Promise.race([this.#requests.next(), nextTurn(undefined)])
    if (more !== undefined && !more.done) throw new GoregoError('invalid-argument', 'a request came after finish_write')
  }
}
