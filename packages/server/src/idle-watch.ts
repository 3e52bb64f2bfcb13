import { type Clock, systemClock } from '@gorego/core'

export interface IdleWatchOptions {
  readonly timeoutMs: number
  /** Since when nobody has called, in milliseconds; 0 while somebody does. */
  readonly idleMs: () => Promise<number>
  /** Whether there is work that goes on without a call. */
  readonly isBusy: () => boolean
  readonly onIdle: () => void
  readonly clock?: Clock
}

/**
 * Calls back once nothing has happened for the given time. It looks when that time could be over at the earliest, so a busy server pays
 * nothing for it. Work without a call counts as going on until the look that found it.
 */
export class IdleWatch implements Disposable {
  readonly #options: IdleWatchOptions
  readonly #clock: Clock
  #busyAt: number
  #timer: Disposable | undefined
  #over = false

  constructor(options: IdleWatchOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#busyAt = this.#clock.now()
    this.#lookIn(options.timeoutMs)
  }

  [Symbol.dispose](): void {
    this.#over = true
    this.#timer?.[Symbol.dispose]()
  }

  #lookIn(delayMs: number): void {
    this.#timer = this.#clock.after(delayMs, () => void this.#look())
  }

  async #look(): Promise<void> {
    const { timeoutMs, idleMs, isBusy, onIdle } = this.#options
    const uncalled = await idleMs()
    if (this.#over) return
    const now = this.#clock.now()
    if (isBusy()) this.#busyAt = now
    const rest = timeoutMs - Math.min(uncalled, now - this.#busyAt)
    if (rest > 0) return this.#lookIn(Math.ceil(rest))
    this.#over = true
    onIdle()
  }
}
