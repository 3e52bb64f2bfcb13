import type { ByteQueue } from './byte-queue.js'
import { type FrameHeader, headerLength, MAX_BLOCK, parseFrameHeader } from './frame-header.js'
import { malformed } from './malformed.js'

/** A block of a frame. */
export interface FrameBlock {
  readonly kind: 'raw' | 'repeated' | 'compressed'
  /** Bytes behind the head: those of a raw or compressed block, the one byte of a repeated one. */
  readonly body: Uint8Array
  /** Bytes that a raw or repeated block stands for, or that a compressed one takes. */
  readonly size: number
  readonly last: boolean
  /** The three bytes before the body, for decoders that look into frames themselves. */
  readonly head: Uint8Array
}

const HEAD_BYTES = 3
const CHECKSUM_BYTES = 4
const KINDS = ['raw', 'repeated', 'compressed'] as const

/** One frame behind its magic number, block by block; who uses it looks at the header first. */
export class FrameBlocks {
  readonly header: FrameHeader
  /** Descriptor and what belongs to it. */
  readonly headerBytes: Uint8Array
  readonly #queue: ByteQueue

  private constructor(header: FrameHeader, headerBytes: Uint8Array, queue: ByteQueue) {
    this.header = header
    this.headerBytes = headerBytes
    this.#queue = queue
  }

  static async read(queue: ByteQueue): Promise<FrameBlocks> {
    const first = need(await queue.take(1), 1)
    const descriptor = first.readUInt8()
    const length = headerLength(descriptor)
    const rest = need(await queue.take(length), length)
    return new FrameBlocks(parseFrameHeader(descriptor, rest), Buffer.concat([first, rest]), queue)
  }

  async next(): Promise<FrameBlock> {
    const head = need(await this.#queue.take(HEAD_BYTES), HEAD_BYTES)
    const value = head.readUIntLE(0, HEAD_BYTES)
    const kind = KINDS[(value >> 1) & 3]
    const size = value >> 3
    if (kind === undefined || size > Math.min(MAX_BLOCK, this.header.windowSize))
      throw malformed('a block is larger than it may be')
    const length = kind === 'repeated' ? 1 : size
    const body = need(await this.#queue.take(length), length)
    return { kind, body, size, last: (value & 1) !== 0, head }
  }

  /** What follows the last block. */
  async checksum(): Promise<Uint8Array> {
    const length = this.header.hasChecksum ? CHECKSUM_BYTES : 0
    return need(await this.#queue.take(length), length)
  }
}

/** Throws where fewer bytes came than the format asks for. */
export function need(bytes: Buffer, length: number): Buffer {
  if (bytes.length < length) throw malformed('it ends inside a frame')
  return bytes
}
