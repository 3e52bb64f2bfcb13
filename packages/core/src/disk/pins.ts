import { setTimeout as pause } from 'node:timers/promises'
import type { BlobIndex } from './blob-index.js'

/** Has what somebody needs counted as used. May not throw for what is not there. */
export type RenewPin = () => Promise<void>

export interface PinsOptions {
  readonly index: Pick<BlobIndex, 'mark' | 'hasMarked'>
  /** The index's clock. */
  readonly now: () => number
}

/** After a renewal there is none for so many times as long as it took: no more than an eighth of the time goes into them. */
const REST = 7

/**
 * What may not be evicted, however long ago it was used. Whoever needs blobs is asked for them only when something is about to go that
 * they might be: where nothing is evicted, or only what is older, pins cost nothing, and there are no books of them that could be wrong.
 */
export class Pins {
  readonly #options: PinsOptions
  readonly #pins = new Set<RenewPin>()
  /** When the last renewal began; nothing is before it or after it as long as there was none. */
  #renewedAt = Number.NaN
  #renewal: Promise<void> | undefined
  /** By the process's own clock: this is about its time. */
  #restUntil = Number.NEGATIVE_INFINITY

  constructor(options: PinsOptions) {
    this.#options = options
  }

  /** What `renew` finds stays until this is disposed of. It must have been found or stored within the grace before. */
  add(renew: RenewPin): Disposable {
    const pin = () => renew()
    this.#pins.add(pin)
    return { [Symbol.dispose]: () => void this.#pins.delete(pin) }
  }

  /**
   * What to wait for, before the least recently used blob may go, whose last promise ended at that time by the index's clock: then it is to be
   * looked at anew. Undefined if nobody needs it: a renewal that began after the promise did not find it. Whoever came to need it since
   * has no promise of it.
   */
  renewal(lapsedAt: number): Promise<void> | undefined {
    if (this.#pins.size === 0) return undefined
    if (this.#renewal !== undefined) return this.#renewal
    if (lapsedAt <= this.#renewedAt && this.#options.index.hasMarked) return undefined
    this.#renewal = this.#renew()
    return this.#renewal
  }

  async #renew(): Promise<void> {
    const { index, now } = this.#options
    const restMs = this.#restUntil - performance.now()
    if (restMs > 0) await pause(restMs)
    const begun = performance.now()
    const renewedAt = now()
    index.mark()
    // Who cannot say what it needs must not keep everything for ever.
    for (const pin of [...this.#pins]) await pin().catch(() => {})
    const ended = performance.now()
    this.#restUntil = ended + REST * (ended - begun)
    this.#renewedAt = renewedAt
    this.#renewal = undefined
  }
}
