import type { Clock } from '../observe/index.js'

interface Timer {
  readonly dueAt: number
  readonly callback: () => void
}

/**
 * Time that stands still until it is told to move. Callbacks run inside `advance`, never on their own, in the order in
 * which they fall due.
 *
 *     const clock = new FakeClock()
 *     clock.after(1000, () => console.log('a second later'))
 *     clock.advance(999)   // nothing
 *     clock.advance(1)     // a second later
 */
export class FakeClock implements Clock {
  #now: number
  readonly #timers = new Set<Timer>()

  /** `startAt`: milliseconds since 1970. By default 2001-09-09T01:46:40Z: a time that could be real, and is easy to read. */
  constructor(startAt = 1e12) {
    this.#now = startAt
  }

  now(): number {
    return this.#now
  }

  after(delayMs: number, callback: () => void): Disposable {
    const timer = { dueAt: this.#now + Math.max(0, delayMs), callback }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  /** How many callbacks are still to come: 0 once everything that was started has been called off again. */
  get pending(): number {
    return this.#timers.size
  }

  /**
   * Moves time on and calls whatever falls due on the way, also what those callbacks start; each sees the time it was
   * due at. What they only promise (`await`) happens after this returns.
   */
  advance(ms: number): void {
    const until = this.#now + ms
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#timers.delete(next)
      this.#now = next.dueAt
      next.callback()
    }
    this.#now = until
  }

  /** The first to fall due by then; of several at one moment the one that was started first. */
  #next(until: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.dueAt <= until && (next === undefined || timer.dueAt < next.dueAt)) next = timer
    }
    return next
  }
}
