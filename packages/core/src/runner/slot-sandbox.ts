import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { removeTree } from '../disk/index.js'
import {
  bubblewrapArguments,
  insideArguments,
  isShown,
  pathInSandbox,
  type SandboxEntry,
  type SandboxPlace,
  type SandboxSetup,
} from '../sandbox/index.js'
import type { ActionUser } from './action-user.js'

/** As everybody finds /tmp everywhere. */
const TMP_MODE = 0o1777

/** For so long it is taken for granted that what the machine shows is still the same directories and files. */
const HOST_MS = 1_000

/** The sandbox of a slot, for one action after the other. It is another one when what it shows of the machine, or has of its own, is. */
export class SlotSandbox {
  readonly #setup: SandboxSetup
  readonly #temporary: string
  readonly #changesUser: boolean
  readonly #now: () => number
  #host = ''
  #hostSince = Number.NEGATIVE_INFINITY
  #isEmpty = false
  #last: { readonly place: SandboxPlace; readonly argv: readonly string[] } | undefined

  /**
   * `temporary`: a path of the slot's own, for what its actions find at /tmp: on disk, where it takes no memory. `user`: who they
   * become inside.
   */
  constructor(
    setup: SandboxSetup,
    temporary: string,
    user: ActionUser | undefined,
    now: () => number = () => performance.now(),
  ) {
    this.#setup = setup
    this.#temporary = temporary
    this.#changesUser = user !== undefined
    this.#now = now
  }

  /** For the next action, with an empty /tmp. `root`: of its inputs, without symbolic links on the way. */
  enter(root: string, network: boolean): SandboxEntry {
    if (!this.#isEmpty || !existsSync(this.#temporary)) this.#emptyTemporary()
    this.#isEmpty = false
    const place: SandboxPlace = { root, network, temporary: this.#temporary, changesUser: this.#changesUser }
    return {
      init: this.#setup.init,
      key: this.#setup.kept ? this.#key(place) : '',
      argv: this.#argumentsFor(place),
      inside: insideArguments(this.#setup, place),
    }
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

  /** Nearly always as for the action before. */
  #argumentsFor(place: SandboxPlace): readonly string[] {
    const { root, network } = place
    if (this.#last?.place.root !== root || this.#last.place.network !== network) {
      this.#last = { place, argv: bubblewrapArguments(this.#setup, place) }
    }
    return this.#last.argv
  }

  /** What is mounted stays what it was, whatever has its path by now. */
  #key({ root, temporary }: SandboxPlace): string {
    if (this.#now() - this.#hostSince >= HOST_MS) {
      this.#host = this.#setup.host.shown.map(identity).join(' ')
      this.#hostSince = this.#now()
    }
    return `${identity(root)} ${identity(temporary)} ${this.#host}`
  }

  /** The directory stays, where it can: it is what is mounted. Those who used it are gone. */
  #emptyTemporary(): void {
    const directory = this.#temporary
    if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) {
      removeTree(directory)
      mkdirSync(directory)
    }
    chmodSync(directory, TMP_MODE)
    for (const name of readdirSync(directory, { encoding: 'buffer' })) {
      removeTree(Buffer.concat([Buffer.from(`${directory}/`), name]), join(directory, 'aside'))
    }
    this.#isEmpty = true
  }
}

function identity(path: string): string {
  try {
    const { dev, ino } = statSync(path)
    return `${dev}:${ino}`
  } catch (error) {
    // Gone, or behind something that is: bwrap knows what to make of it.
    return (error as NodeJS.ErrnoException).code ?? '-'
  }
}
