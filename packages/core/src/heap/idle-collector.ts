import { type Clock, systemClock } from '../observe/index.js'
import { garbageCollector } from './garbage-collector.js'

export interface IdleCollectorOptions {
  /** Collects all garbage there is. Default: has V8 do so. */
  readonly collect?: () => void
  readonly clock?: Clock
}

const IDLE_MS = 5_000

/**
 * Collects what actions have left in memory when there has been none for a while: a runner may have nothing to do for minutes then. Twice,
 * since V8 makes the space for young objects small again only in a collection before which little was allocated for seconds.
 */
export class IdleCollector {
  readonly #collect: () => void
  readonly #clock: Clock
  /** When the last action ended, in milliseconds since 1970. */
  #idleSince = 0
  #rounds = 0
  #isWaiting = false

  constructor({ collect, clock = systemClock }: IdleCollectorOptions = {}) {
    let found = collect
    // Looked for when it is needed, which is not while somebody waits for the first action.
    this.#collect = () => {
      found ??= garbageCollector()
      found()
    }
    this.#clock = clock
  }

  /** An action has ended. */
  worked(): void {
    this.#idleSince = this.#clock.now()
    this.#rounds = 0
    if (!this.#isWaiting) this.#wait(IDLE_MS)
  }

  #wait(ms: number): void {
    this.#isWaiting = true
    this.#clock.after(ms, () => {
      const rest = this.#idleSince + (this.#rounds + 1) * IDLE_MS - this.#clock.now()
      if (rest > 0) return this.#wait(rest)
      this.#collect()
      if (++this.#rounds < 2) return this.#wait(IDLE_MS)
      this.#isWaiting = false
    })
  }
}
