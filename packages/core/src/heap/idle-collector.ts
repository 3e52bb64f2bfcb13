import { type Clock, systemClock } from '../observe/index.js'
import { collectHeap } from './collect-heap.js'

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
  #timer: Disposable | undefined

  constructor({ collect = collectHeap, clock = systemClock }: IdleCollectorOptions = {}) {
    this.#collect = collect
    this.#clock = clock
  }

  /** An action begins. */
  begin(): void {
    this.#timer?.[Symbol.dispose]()
  }

  /** It has ended. */
  end(): void {
    this.#timer = this.#clock.after(IDLE_MS, () => {
      this.#collect()
      this.#timer = this.#clock.after(IDLE_MS, () => this.#collect())
    })
  }
}
