import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { removeTree } from '../disk/index.js'
import { enterBubblewrap, isShown, pathInSandbox, type SandboxEntry, type SandboxSetup } from '../sandbox/index.js'
import type { ActionUser } from './action-user.js'

/** As everybody finds /tmp everywhere. */
const TMP_MODE = 0o1777

/** A slot's sandboxes, one for each of its actions. */
export class SlotSandbox {
  readonly #setup: SandboxSetup
  readonly #temporary: string
  readonly #changesUser: boolean

  /**
   * `temporary`: a path of the slot's own, for what its actions find at /tmp: on disk, where it takes no memory. `user`: who they
   * become inside.
   */
  constructor(setup: SandboxSetup, temporary: string, user: ActionUser | undefined) {
    this.#setup = setup
    this.#temporary = temporary
    this.#changesUser = user !== undefined
  }

  /** For the next action, with an empty /tmp. `root`: of its inputs, without symbolic links on the way. */
  enter(root: string, network: boolean): SandboxEntry {
    this.#emptyTemporary()
    return enterBubblewrap(this.#setup, { root, network, temporary: this.#temporary, changesUser: this.#changesUser })
  }

  /** Removes what the last action left at /tmp. */
  restore(): void {
    try {
      this.#emptyTemporary()
    } catch {
      // The next `enter` tries again, and says so if it cannot.
    }
  }

  /** How a command in it calls a path of the input root. */
  inside(path: string, root: string): string {
    return pathInSandbox(path, root)
  }

  /** Whether a program of this machine is there in it; those of the input root are. */
  shows(path: string, root: string): boolean {
    return path.startsWith(`${root}/`) || isShown(path, this.#setup.host)
  }

  #emptyTemporary(): void {
    const stats = lstatSync(this.#temporary, { throwIfNoEntry: false })
    const isAsMade = stats?.isDirectory() === true && (stats.mode & 0o7777) === TMP_MODE
    if (isAsMade && readdirSync(this.#temporary).length === 0) return
    removeTree(this.#temporary)
    mkdirSync(this.#temporary)
    chmodSync(this.#temporary, TMP_MODE)
  }
}
