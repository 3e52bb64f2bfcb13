/** Time as the engine sees it; tests bring a clock that they move by hand. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls back once after `delayMs`; dispose to call it off. */
  after(delayMs: number, callback: () => void): Disposable
}

/** setTimeout takes at most 2^31-1 ms and fires at once beyond: no delay here is meant to be longer than 24 days. */
const LONGEST_DELAY_MS = 2 ** 31 - 1

/** The machine's own time. What waits for it does not keep the process alive. */
export const systemClock: Clock = clock(false)

/** The same, for what somebody waits for: a program that awaits it must not end meanwhile. */
export const wakefulClock: Clock = clock(true)

function clock(keepsAlive: boolean): Clock {
  return {
    now: () => Date.now(),
    after(delayMs, callback) {
      const timer = setTimeout(callback, Math.min(delayMs, LONGEST_DELAY_MS))
      if (!keepsAlive) timer.unref()
      return { [Symbol.dispose]: () => clearTimeout(timer) }
    },
  }
}
