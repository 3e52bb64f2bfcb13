import { GoregoError } from '@gorego/core'

const RETRY_AFTER_MS = 1_000

/** Memory that may be used for one purpose, in bytes, whoever uses it. */
export class MemoryBudget {
  #free: number

  constructor(bytes: number) {
    this.#free = bytes
  }

  /** Throws `resource-exhausted`: waiting would hold up the connection that others need to finish (GEN-02). */
  take(bytes: number): void {
    if (bytes > this.#free) {
      throw new GoregoError('resource-exhausted', 'too much is being decompressed at once; try again later', {
        details: [{ kind: 'retry-after', delayMs: RETRY_AFTER_MS }],
      })
    }
    this.#free -= bytes
  }

  give(bytes: number): void {
    this.#free += bytes
  }
}
