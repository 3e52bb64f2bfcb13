import type { Outcome } from './operation.js'

/** As long as one of its results is kept, all of a block is: clients can delete the others. */
const BLOCK_BYTES = 16 * 1024

/** A larger one has a buffer of its own. */
const LARGEST = BLOCK_BYTES / 8

/**
 * Gives results a place for as long as their operations are kept, which is minutes: by the thousand, beside each other in few blocks, which go
 * one after the other, as operations do. Each in memory of its own, they would lie all over malloc's heap, and keep it from giving back what
 * is free between them; and as they come, some are a few hundred bytes of a larger buffer, which they would keep.
 */
export class KeptResults {
  #block = Buffer.alloc(0)
  #used = 0

  /** The same outcome, with a copy of its result. */
  keep(outcome: Outcome): Outcome {
    const { result } = outcome
    if (result === undefined) return outcome
    const place = this.#place(result.length)
    place.set(result)
    return { ...outcome, result: place }
  }

  #place(length: number): Buffer {
    // Buffers of which none is from Node's own pool, where what is kept would lie beside what is not.
    if (length > LARGEST) return Buffer.allocUnsafeSlow(length)
    if (this.#used + length > this.#block.length) {
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
      this.#used = 0
    }
    const place = this.#block.subarray(this.#used, this.#used + length)
    this.#used += length
    return place
  }
}
