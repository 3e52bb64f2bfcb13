import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'

/** Clients ask for the next thing within this time after an answer, or want nothing more: as long as a slow line and a busy machine take. */
const QUIET_MS = 1000

export interface UntilQuietOptions {
  /** When the last call began, by `performance.now()`. */
  readonly lastBegunAt: () => number
  /** Not longer than this, in milliseconds. */
  readonly boundMs: number
  readonly quietMs?: number
}

/** Resolves when no call has begun for a moment, from now on, or the bound is over. */
export async function untilQuiet({ lastBegunAt, boundMs, quietMs = QUIET_MS }: UntilQuietOptions): Promise<void> {
  const start = performance.now()
  for (;;) {
    const until = Math.min(Math.max(start, lastBegunAt()) + quietMs, start + boundMs)
    const rest = until - performance.now()
    if (rest <= 0) return
    await sleep(rest)
    // Where this process had no turn meanwhile, calls may have come that nobody has looked at.
    await turn()
  }
}
