import { setTimeout as pause } from 'node:timers/promises'
import { HANG_BOUND_MS } from './hang-bound.js'

const LOOK_EVERY_MS = 10

/**
 * Waits for something that another process does, a file or the end of a process, and that sends no message. Throws when
 * it does not come; `what` says what that was.
 */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + HANG_BOUND_MS
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`waited ${HANG_BOUND_MS / 1000} s in vain: ${what}`)
    await pause(LOOK_EVERY_MS)
  }
}
