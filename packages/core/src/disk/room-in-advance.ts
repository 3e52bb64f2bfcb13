import { GoregoError } from '../errors/index.js'
import type { DiskBudget } from './disk-budget.js'

export interface RoomInAdvanceOptions {
  readonly budget: DiskBudget
  /** Parts of what the budget allows: from `high` on it evicts until there is no more than `low`. */
  readonly watermarks: Watermarks
  /** Calls back once. */
  readonly after: (delayMs: number, callback: () => void) => Disposable
}

/** `low` must not be above `high`, nor `high` above 1. */
export interface Watermarks {
  readonly high: number
  readonly low: number
}

/** How often it looks, which costs nothing: a comparison. */
const LOOK_EVERY_MS = 1_000

/**
 * Makes room before anybody waits for it. Without it, a cache that is full evicts for every write just what that write needs,
 * while it waits; and what others do to the disk is noticed only by the next write.
 */
export class RoomInAdvance implements Disposable {
  readonly #options: RoomInAdvanceOptions
  #timer: Disposable
  #stopped = false

  constructor(options: RoomInAdvanceOptions) {
    const { high, low } = options.watermarks
    if (!(0 <= low && low <= high && high <= 1)) {
      throw new GoregoError(
        'invalid-argument',
        `a cache makes room from ${high * 100} per cent down to ${low * 100}: want the second to be no more than the first, and neither above 100`,
      )
    }
    this.#options = options
    this.#timer = this.#wait()
  }

  [Symbol.dispose](): void {
    this.#stopped = true
    this.#timer[Symbol.dispose]()
  }

  #wait(): Disposable {
    return this.#options.after(LOOK_EVERY_MS, () => void this.#look())
  }

  async #look(): Promise<void> {
    const { budget, watermarks } = this.#options
    if (budget.isAbove(watermarks.high)) await budget.evictDownTo(watermarks.low, () => this.#stopped)
    if (!this.#stopped) this.#timer = this.#wait()
  }
}
