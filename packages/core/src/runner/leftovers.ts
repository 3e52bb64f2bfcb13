import { killLeftovers } from './kill-session.js'

/** In so many milliseconds process ids do not come round again, however many processes are started. */
const ROUND_MS = 1_000

/**
 * Processes that are still there when their action is over: the next one has its input root in the same place, and they
 * would be at it. Ended is what is in the command's session, or works in the slot's directory. What has left both, as daemons
 * do, cannot be told from other people's processes; only a sandbox keeps it from getting away.
 */
export class Leftovers {
  readonly #directory: string
  /** Those that were there when the last action was over. */
  #others: ReadonlySet<string> = new Set()

  constructor(directory: string) {
    this.#directory = directory
  }

  /** `leader`: the command's process, which ran for so many milliseconds. */
  end(leader: number, ranForMs: number): void {
    this.#others = killLeftovers(leader, this.#directory, ranForMs < ROUND_MS ? this.#others : new Set())
  }
}
