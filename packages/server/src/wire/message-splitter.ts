import { GoregoError } from '@gorego/core'

/** One message of gRPC, without the five bytes before it. */
export interface SplitMessage {
  /** Whether it is compressed as the header `grpc-encoding` says. */
  readonly compressed: boolean
  /** Its bytes, in the pieces in which they came. */
  readonly pieces: readonly Uint8Array[]
  /** Of all of them together. */
  readonly length: number
  /** What it may take in memory: compressed, as much as it may become. */
  readonly cost: number
}

/** The beginning of a message: whoever wants its bytes needs room for them. */
export interface MessageHead {
  /** As the message will have it. */
  readonly cost: number
}

const PREFIX = 5

/** Neither gzip nor deflate makes more of a byte. */
const MOST_OF_A_BYTE = 1032

/** Pieces below this size are joined when there are so many in a row: a client that sends byte by byte costs no more memory than others. */
const SMALL_PIECE = 1024
const SMALL_PIECES = 64

/** Cuts what comes on a stream into messages, without copying what it carries, and no further than it is asked to. */
export class MessageSplitter {
  readonly #maxBytes: number
  readonly #prefix = Buffer.alloc(PREFIX)
  /** What came and was not cut yet, of the first from `#at` on. */
  readonly #chunks: Buffer[] = []
  #at = 0
  #prefixBytes = 0
  #pieces: Uint8Array[] = []
  #smallPieces = 0
  #length = 0
  #cost = 0
  #missing = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Whether it stands in the middle of a message. */
  get unfinished(): boolean {
    return this.#prefixBytes > 0
  }

  /** What comes next on the stream. */
  add(chunk: Buffer): void {
    if (chunk.length > 0) this.#chunks.push(chunk)
  }

  /**
   * The head of each message, then the message; undefined where that has not come yet. Throws `resource-exhausted` at the head of
   * one that is too large.
   */
  next(): MessageHead | SplitMessage | undefined {
    for (;;) {
      if (this.#prefixBytes === PREFIX && this.#missing === 0) return this.#take()
      const [chunk] = this.#chunks
      if (chunk === undefined) return undefined
      if (this.#prefixBytes === PREFIX) this.#readPiece(chunk)
      else if (this.#readPrefix(chunk)) return { cost: this.#cost }
    }
  }

  #readPiece(chunk: Buffer): void {
    const end = Math.min(chunk.length, this.#at + this.#missing)
    this.#missing -= end - this.#at
    this.#add(chunk.subarray(this.#at, end))
    this.#goTo(chunk, end)
  }

  /** True when that was all of it. */
  #readPrefix(chunk: Buffer): boolean {
    const end = Math.min(chunk.length, this.#at + PREFIX - this.#prefixBytes)
    chunk.copy(this.#prefix, this.#prefixBytes, this.#at, end)
    this.#prefixBytes += end - this.#at
    this.#goTo(chunk, end)
    if (this.#prefixBytes < PREFIX) return false
    this.#length = this.#prefix.readUInt32BE(1)
    if (this.#length > this.#maxBytes) {
      const message = `a message of ${this.#length} bytes was sent: ${this.#maxBytes} are the most`
      throw new GoregoError('resource-exhausted', message)
    }
    this.#missing = this.#length
    this.#cost = this.#isCompressed ? Math.min(this.#maxBytes, MOST_OF_A_BYTE * this.#length) : this.#length
    return true
  }

  #goTo(chunk: Buffer, at: number): void {
    this.#at = at
    if (at < chunk.length) return
    this.#chunks.shift()
    this.#at = 0
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
