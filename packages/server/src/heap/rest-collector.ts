import { type Clock, systemClock } from '@gorego/core'

export interface RestCollectorOptions {
  /** Collects all garbage there is; takes some 20 ms, in which nothing else happens. */
  readonly collect: () => void
  /** What is held for objects and buffers, garbage or not. */
  readonly heldBytes: () => number
  /** The part of the time since it was asked last in which the process did something, from 0 to 1. */
  readonly utilization: () => number
  readonly clock?: Clock
}

const LOOK_EVERY_MS = 5_000

/** A process that does no more than this is at rest: somebody may look at its metrics, or its page. */
const AT_REST = 0.05

/** Less is not worth it. */
const WORTH_BYTES = 16 * 1024 * 1024

/**
 * Collects garbage when a process that had much to do has nothing to do any more. V8 collects when memory is asked for, so a server that took
 * a few large uploads and is left alone then holds for hours what they left, some 100 MB.
 *
 * It does so twice. V8 makes the space for young objects small again, which is 32 MB after much work, in a collection before which little was
 * allocated for seconds: that is never the first one. The pages that the first one left half empty are given back by the second, too.
 */
export class RestCollector implements Disposable {
  readonly #options: RestCollectorOptions
  readonly #clock: Clock
  /** The least that was held since the last collection. */
  #leastBytes: number
  #isSecondDue = false
  #timer: Disposable

  constructor(options: RestCollectorOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#leastBytes = options.heldBytes()
    this.#timer = this.#lookLater()
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]()
  }

  #lookLater(): Disposable {
    return this.#clock.after(LOOK_EVERY_MS, () => {
      this.#look()
      this.#timer = this.#lookLater()
    })
  }

  #look(): void {
    const { collect, heldBytes, utilization } = this.#options
    const isAtRest = utilization() < AT_REST
    const isWorthIt = heldBytes() - this.#leastBytes >= WORTH_BYTES
    if (isAtRest && (isWorthIt || this.#isSecondDue)) {
      collect()
      this.#leastBytes = heldBytes()
      // What was worth it was the first after much work, however many there have been before.
      this.#isSecondDue = isWorthIt
    } else {
      this.#leastBytes = Math.min(this.#leastBytes, heldBytes())
    }
  }
}
