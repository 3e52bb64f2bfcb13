import { setImmediate as nextTurn } from 'node:timers/promises'
import { GoregoError } from '@gorego/core'
import type { Caller } from '../auth/access.js'
import type { WriteMessage } from '../wire/byte-stream-messages.js'
import type { Dialect } from '../wire/dialect.js'
import type { UploadMessages } from '../wire/direct-method.js'
import { joined } from '../wire/message-splitter.js'
import { parseWriteName, type WriteName } from '../wire/resource-name.js'

/** So much is hashed in half a millisecond: a blob up to this size in one go. */
const SMALL = 1024 * 1024

/** What has come in small messages is handed on together, up to this size. */
const BATCH = 1024 * 1024

/** The requests of one Write, of which the first says what it is about. */
export class WriteRequests {
  readonly name: WriteName
  /** Where this stream begins in the blob, uncompressed (BW-03). */
  readonly firstOffset: number
  readonly #first: WriteMessage
  readonly #requests: UploadMessages<WriteMessage>
  #received = 0
  #interrupted = false

  private constructor(first: WriteMessage, requests: UploadMessages<WriteMessage>, dialect: Dialect, caller: Caller) {
    this.name = parseWriteName(first.resourceName, dialect, caller)
    this.firstOffset = first.writeOffset
    this.#first = first
    this.#requests = requests
  }

  static async begin(requests: UploadMessages<WriteMessage>, dialect: Dialect, caller: Caller): Promise<WriteRequests> {
    const first = await requests.next()
    if (first === undefined) throw new GoregoError('invalid-argument', 'the upload ended before its first request')
    // BW-01
    if (first.resourceName === '')
      throw new GoregoError('invalid-argument', 'the first request of an upload must carry resource_name')
    return new WriteRequests(first, requests, dialect, caller)
  }

  get resourceName(): string {
    return this.#first.resourceName
  }

  /** All of the blob, where the client sent it in one request that is not too large to be handled in one go. */
  get whole(): Uint8Array | undefined {
    const { writeOffset, finishWrite, data, length } = this.#first
    const isWhole = writeOffset === 0 && finishWrite && this.name.compressor === undefined
    return isWhole && length <= SMALL ? joined(data) : undefined
  }

  /** The write offset behind everything that came: the first, and the lengths of what was sent, compressed or not (BW-03). */
  get reached(): number {
    return this.firstOffset + this.#received
  }

  /** True when the client is the reason why no more comes, and what came is as good as ever. */
  get interrupted(): boolean {
    return this.#interrupted
  }

  /** What the requests carry, up to finish_write: pieces that came together, of one request or of several. */
  async *data(): AsyncGenerator<readonly Uint8Array[]> {
    let message = this.#first
    let pieces: Uint8Array[] = []
    let bytes = 0
    for (;;) {
      this.#received += message.length
      bytes += message.length
      pieces = pieces.length === 0 ? [...message.data] : pieces.concat(message.data)
      if (message.finishWrite || bytes >= BATCH || !this.#requests.ready) {
        yield pieces
        this.#requests.release()
        pieces = []
        bytes = 0
      }
      try {
        if (message.finishWrite) return await this.refuseMore()
        message = await this.#next()
      } catch (error) {
        this.#interrupted = true
        if (pieces.length > 0) yield pieces
        throw error
      }
    }
  }

  /** BW-04. Some clients wait for the answer before they close their side, so only what is here already counts. */
  async refuseMore(): Promise<void> {
    if (this.#requests.ended) return
    if (!this.#requests.ready) await nextTurn()
    if (this.#requests.ready) throw new GoregoError('invalid-argument', 'a request came after finish_write')
  }

  async #next(): Promise<WriteMessage> {
    const next = await this.#requests.next()
    if (next === undefined) {
      throw new GoregoError(
        'invalid-argument',
        `the upload of blob ${this.name.digest} ended without finish_write; QueryWriteStatus says from where it can be continued`,
      )
    }
    const { resourceName, writeOffset } = next
    if (resourceName !== '' && resourceName !== this.#first.resourceName)
      throw new GoregoError('invalid-argument', 'resource_name changed in the middle of an upload')
    // BW-02, BW-03
    if (writeOffset !== this.reached)
      throw new GoregoError('invalid-argument', `write_offset is ${writeOffset} where ${this.reached} comes next`)
    return next
  }
}
