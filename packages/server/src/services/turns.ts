import { setImmediate as nextTurn } from 'node:timers/promises'

/** How long a call may go on before other work gets a turn, in milliseconds. */
const LONGEST_TURN_MS = 2

/** For calls with many parts that may or may not take their time: `if (turns.due) await turns.give(signal)`. */
export class Turns {
  #since = performance.now()

  get due(): boolean {
    return performance.now() - this.#since > LONGEST_TURN_MS
  }

  /** Lets other work go on; rejects when the call is cancelled. */
  async give(signal: AbortSignal): Promise<void> {
    await nextTurn(undefined, { signal })
    this.#since = performance.now()
  }
}
