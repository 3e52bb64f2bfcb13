/** Time as the engine sees it; tests bring a clock that they move by hand. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls back once after `delayMs`; dispose to call it off. Never keeps the process alive. */
  after(delayMs: number, callback: () => void): Disposable
}

/** setTimeout takes at most 2^31-1 ms and fires at once beyond: no delay here is meant to be longer than 24 days. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, LONGEST_DELAY_MS))
    timer.unref()
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  },
}
