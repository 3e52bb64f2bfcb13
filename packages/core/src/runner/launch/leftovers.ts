import type { ActionUser } from '../action-user.js'
import type { PrintedFiles } from '../printed-files.js'
import { isRunBy, killAll, openFilesOf, sessionOf, worksIn } from './process-table.js'

/** In so many milliseconds process ids do not come round again, however many processes are started. */
const ROUND_MS = 1_000

/**
 * Processes that are still there when their action is over: the next one has its input root in the same place and prints
 * to the same files, and they would be at it. Ended is what is run by the slot's own user, is in the command's session, works in the slot's directory, or has a
 * file open that the command printed to. What has left all that behind cannot be told from other people's processes; only a
 * sandbox keeps it from getting away.
 */
export class Leftovers {
  readonly #directory: string
  readonly #printed: PrintedFiles
  /** Whose processes are all of this slot's. */
  readonly #uid: number | undefined
  /** Those that were there when the last action was over, ourselves among them. They need no look, which takes some 60 µs. */
  #others: ReadonlySet<string> = new Set()

  constructor(directory: string, printed: PrintedFiles, user?: ActionUser) {
    this.#directory = directory
    this.#printed = printed
    this.#uid = user?.exclusive ? user.uid : undefined
  }

  /** `leader`: the command's process, if it is known, which ran for so many milliseconds. */
  end(leader: number | undefined, ranForMs: number): void {
    const known = ranForMs < ROUND_MS ? this.#others : new Set<string>()
    const own = String(process.pid)
    let unsure = false
    const { killed, others } = killAll((pid) => {
      if (pid === own || known.has(pid)) return false
      if (this.#uid !== undefined && isRunBy(pid, this.#uid)) return true
      const files = openFilesOf(pid)
      unsure ||= files === undefined
      const prints = files?.some((file) => this.#printed.isHeldBy(file)) === true
      return prints || worksIn(pid, this.#directory) || (leader !== undefined && sessionOf(pid) === leader)
    })
    this.#others = others
    // What was killed may come to the end of a write yet.
    if (killed > 0 || unsure) this.#printed.abandon()
  }
}
