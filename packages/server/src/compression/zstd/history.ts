import { MAX_BLOCK } from './frame-header.js'
import type { MemoryBudget } from './memory-budget.js'

/** Decoded bytes that are made before older ones make room: how seldom the window is moved to the front. */
const SLACK = 1024 * 1024

const SMALLEST = 256 * 1024

/**
 * What a frame has decoded to so far, as far back as it may refer. Memory grows with what is really decoded, whatever a
 * hostile header announces, and comes out of a budget that all decoders share. One frame after another uses the same
 * memory: a frame of nine bytes must not cost the making of a buffer.
 */
export class History implements Disposable {
  readonly #budget: MemoryBudget
  #window = 0
  /** The largest block that can come. */
  #block = 0
  /** What the buffer grows to, and no further. */
  #largest = 0
  #buffer: Uint8Array = new Uint8Array(0)
  #at = 0

  constructor(budget: MemoryBudget) {
    this.#budget = budget
  }

  /** Forgets the frame before. */
  begin(windowSize: number): void {
    this.#window = windowSize
    this.#block = Math.min(MAX_BLOCK, windowSize)
    this.#largest = windowSize + Math.min(SLACK, windowSize) + this.#block
    this.#at = 0
  }

  get buffer(): Uint8Array {
    return this.#buffer
  }

  /** Where the next block goes, with room for the largest; what lies before it can be referred to. */
  reserve(): number {
    while (this.#at + this.#block > this.#buffer.length) this.#makeRoom()
    return this.#at
  }

  /** Bytes were written behind `reserve`'s position; a copy of them. */
  commit(size: number): Uint8Array {
    const start = this.#at
    this.#at += size
    return this.#buffer.slice(start, this.#at)
  }

  [Symbol.dispose](): void {
    this.#budget.give(this.#buffer.length)
    this.#buffer = new Uint8Array(0)
  }

  #makeRoom(): void {
    if (this.#buffer.length >= this.#largest) {
      this.#buffer.copyWithin(0, this.#at - this.#window, this.#at)
      this.#at = this.#window
      return
    }
    const grown = Math.min(Math.max(SMALLEST, this.#buffer.length * 2), this.#largest)
    this.#budget.take(grown - this.#buffer.length)
    const buffer = new Uint8Array(grown)
    buffer.set(this.#buffer.subarray(0, this.#at))
    this.#buffer = buffer
  }
}
