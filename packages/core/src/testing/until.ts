import { setTimeout as pause } from 'node:timers/promises'

const LOOK_EVERY_MS = 10
const GIVE_UP_AFTER_MS = 20_000

/**
 * Waits for something that another process does, a file or the end of a process, and that sends no message. Throws when
 * it does not come; `what` says what that was.
 */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_AFTER_MS
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`waited ${GIVE_UP_AFTER_MS / 1000} s in vain: ${what}`)
    await pause(LOOK_EVERY_MS)
  }
}
