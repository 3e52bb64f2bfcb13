import { GoregoError } from '@gorego/core'

/** One message of gRPC, without the five bytes before it. */
export interface SplitMessage {
  /** Whether it is compressed as the header `grpc-encoding` says. */
  readonly compressed: boolean
  /** Its bytes, in the pieces in which they came. */
  readonly pieces: readonly Uint8Array[]
  /** Of all of them together. */
  readonly length: number
  /** What it may take in memory: compressed, as much as a message may have. */
  readonly cost: number
}

const PREFIX = 5

/** Pieces below this size are joined when there are so many in a row: a client that sends byte by byte costs no more memory than others. */
const SMALL_PIECE = 1024
const SMALL_PIECES = 64

/** Cuts what comes on a stream into messages, without copying what it carries. */
export class MessageSplitter {
  readonly #maxBytes: number
  readonly #prefix = Buffer.alloc(PREFIX)
  #prefixBytes = 0
  #pieces: Uint8Array[] = []
  #smallPieces = 0
  #length = 0
  #cost = 0
  #missing = 0
  #announced = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Whether it stands in the middle of a message. */
  get unfinished(): boolean {
    return this.#prefixBytes > 0
  }

  /** What messages that have begun since this was last asked will take in memory. */
  takeAnnounced(): number {
    const announced = this.#announced
    this.#announced = 0
    return announced
  }

  /** The messages that a chunk completes. Throws `resource-exhausted` at the beginning of one that is too large. */
  split(chunk: Buffer): SplitMessage[] {
    const messages: SplitMessage[] = []
    let at = 0
    while (at < chunk.length) {
      if (this.#prefixBytes < PREFIX) at = this.#readPrefix(chunk, at)
      const end = Math.min(chunk.length, at + this.#missing)
      if (end > at) this.#add(chunk.subarray(at, end))
      this.#missing -= end - at
      at = end
      if (this.#prefixBytes === PREFIX && this.#missing === 0) messages.push(this.#take())
    }
    return messages
  }

  #readPrefix(chunk: Buffer, from: number): number {
    const end = Math.min(chunk.length, from + PREFIX - this.#prefixBytes)
    chunk.copy(this.#prefix, this.#prefixBytes, from, end)
    this.#prefixBytes += end - from
    if (this.#prefixBytes < PREFIX) return end
    this.#length = this.#prefix.readUInt32BE(1)
    if (this.#length > this.#maxBytes) {
      const message = `a message of ${this.#length} bytes was sent: ${this.#maxBytes} are the most`
      throw new GoregoError('resource-exhausted', message)
    }
    this.#missing = this.#length
    this.#cost = this.#isCompressed ? this.#maxBytes : this.#length
    this.#announced += this.#cost
    return end
  }

  #add(piece: Uint8Array): void {
    this.#pieces.push(piece)
    this.#smallPieces = piece.length < SMALL_PIECE ? this.#smallPieces + 1 : 0
    if (this.#smallPieces < SMALL_PIECES) return
    this.#pieces.push(Buffer.concat(this.#pieces.splice(-SMALL_PIECES)))
    this.#smallPieces = 0
  }

  get #isCompressed(): boolean {
    return this.#prefix[0] === 1
  }

  #take(): SplitMessage {
    const message = {
      compressed: this.#isCompressed,
      pieces: this.#pieces,
      length: this.#length,
      cost: this.#cost,
    }
    this.#prefixBytes = 0
    this.#pieces = []
    this.#smallPieces = 0
    return message
  }
}

/** Pieces as one buffer: a copy, unless there is only one. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const [only] = pieces
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
}
