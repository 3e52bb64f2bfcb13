import type { FrameBlock } from './frame-blocks.js'
import { type FrameHeader, MAX_BLOCK } from './frame-header.js'
import type { History } from './history.js'
import type { HuffmanTable } from './huffman-table.js'
import { readLiterals } from './literals.js'
import { malformed } from './malformed.js'
import { runSequences, type SequenceTables } from './sequences.js'

/** What bit readers may look at before and behind a block, so that none of them has to ask where they are. */
const MARGIN = 16

/** A block is decoded in one go, so all decoders can share what nobody needs afterwards. */
const padded = new Uint8Array(MARGIN + MAX_BLOCK + MARGIN)
const literals = new Uint8Array(MAX_BLOCK)

/** Decodes the blocks of one frame, one after another. */
export class BlockDecoder {
  readonly #history: History
  readonly #largestBlock: number
  readonly #windowSize: number
  readonly #recent = Uint32Array.of(1, 4, 8)
  #huffman: HuffmanTable | undefined
  #tables: SequenceTables | undefined
  #decoded = 0

  /** `history` is this frame's alone until the frame is done. */
  constructor({ windowSize }: FrameHeader, history: History) {
    history.begin(windowSize)
    this.#history = history
    this.#windowSize = windowSize
    this.#largestBlock = Math.min(MAX_BLOCK, windowSize)
  }

  /** Bytes that came out so far. */
  get decoded(): number {
    return this.#decoded
  }

  /** A copy of what the block stands for. */
  decode({ kind, body, size }: FrameBlock): Uint8Array {
    if (kind === 'raw') return this.#raw(body)
    return kind === 'repeated' ? this.#repeated(body[0] ?? 0, size) : this.#compressed(body)
  }

  #raw(bytes: Uint8Array): Uint8Array {
    const start = this.#history.reserve()
    this.#history.buffer.set(bytes, start)
    return this.#commit(bytes.length)
  }

  #repeated(byte: number, count: number): Uint8Array {
    const start = this.#history.reserve()
    this.#history.buffer.fill(byte, start, start + count)
    return this.#commit(count)
  }

  #compressed(bytes: Uint8Array): Uint8Array {
    padded.set(bytes, MARGIN)
    const end = MARGIN + bytes.length
    const start = this.#history.reserve()
    const read = readLiterals(padded, MARGIN, end, this.#huffman, literals)
    const ran = runSequences(padded, read.at, end, this.#tables, {
      out: this.#history.buffer,
      start,
      end: start + this.#largestBlock,
      literals,
      literalsSize: read.size,
      reach: Math.min(this.#decoded, this.#windowSize),
      recent: this.#recent,
    })
    this.#huffman = read.table
    this.#tables = ran.tables
    return this.#commit(ran.end - start)
  }

  #commit(size: number): Uint8Array {
    if (size > this.#largestBlock) throw malformed('a block is larger than it may be')
    this.#decoded += size
    return this.#history.commit(size)
  }
}
