import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { onExit } from '@gorego/bench/clean-up'
import { HANG_BOUND_MS } from '@gorego/core/testing'
import { type GoregoProcess, startGorego } from '../e2e/gorego-process.js'
import { pathInInputRoot } from './input-root.js'

/** What the actions of all scenarios have as inputs, the input root itself included; and nothing that they make is called so. */
const KEPT_INPUT = /^(tool|in|in\/\d+|in-\d+)?$/

const LOOK_EVERY_MS = 20

export interface TorturedServerOptions {
  /** Variables for the server, `GOREGO_…`. */
  readonly env?: NodeJS.ProcessEnv
  /** Where its data is. Default: in a directory of its own, which goes with `close`. */
  readonly dir?: string
  /** `elsewhere`: beside the data, on the disk of temporary files. */
  readonly buildRoot?: 'elsewhere' | string
}

/**
 * A gorego that is killed and started again on the same directory. Everything that comes of it works in one directory or
 * below it: so its processes can be told from all others, also when their parents are gone.
 */
export class TorturedServer {
  readonly #home = realpathSync(mkdtempSync(join(tmpdir(), 'gorego-torture-')))
  readonly #options: TorturedServerOptions
  readonly #forget: () => void
  #process: GoregoProcess | undefined

  constructor(options: TorturedServerOptions = {}) {
    this.#options = options
    this.#forget = onExit(() => this.#remove())
    mkdirSync(this.dir, { recursive: true })
  }

  get dir(): string {
    return this.#options.dir ?? join(this.#home, 'data')
  }

  /** A path beside the server's data that nothing else uses; what is there goes with `close`. */
  path(name: string): string {
    return join(this.#home, name)
  }

  get process(): GoregoProcess {
    if (this.#process === undefined) throw new Error('the server is not running')
    return this.#process
  }

  async start(): Promise<GoregoProcess> {
    const { env = {} } = this.#options
    const buildRoot = this.#options.buildRoot === 'elsewhere' ? this.path('builds') : this.#options.buildRoot
    this.#process = await startGorego(['--log-level', 'warn'], {
      dir: this.dir,
      cwd: this.#home,
      env,
      ...(buildRoot === undefined ? {} : { buildRoot }),
    })
    return this.#process
  }

  /** SIGKILL to the server, or to all of its processes at once. */
  async kill(what: 'server' | 'tree'): Promise<void> {
    const { pid } = this.process
    // The server last: what it would do about the end of its children is not what is to be seen here.
    const pids = what === 'tree' ? [...this.processes().filter((other) => other !== pid), pid] : [pid]
    for (const one of pids) killOne(one)
    await this.process.kill()
    this.#process = undefined
  }

  async stop(): Promise<void> {
    await this.process.stop()
    this.#process = undefined
  }

  /** Process ids of the server and of whatever came of it, now or before it was killed. */
  processes(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && this.#isOurs(name))
      .map(Number)
  }

  /** The runners that the server has now. */
  runners(): number[] {
    const { pid } = this.process
    return this.processes().filter((child) => parentOf(child) === pid)
  }

  /** Waits for the end of what outlived a kill; returns those that do not end. */
  async orphans(): Promise<number[]> {
    const giveUpAt = performance.now() + HANG_BOUND_MS
    for (;;) {
      const known = this.#process === undefined ? [] : [this.#process.pid, ...this.runners()]
      const others = this.processes().filter((pid) => !known.includes(pid))
      if (others.length === 0 || performance.now() > giveUpAt) return others
      await pause(LOOK_EVERY_MS)
    }
  }

  /** What is below `run` besides the one directory of the server that runs: paths of what a dead one left. */
  leftovers(): string[] {
    const sessions = join(this.dir, 'run')
    const own = this.#process === undefined ? undefined : `gorego-${this.#process.pid}-`
    return readdirSync(sessions).filter((name) => own === undefined || !name.startsWith(own))
  }

  /** Files and build roots of the server that runs, once it has nothing to do. */
  async underWay(): Promise<string[]> {
    const giveUpAt = performance.now() + HANG_BOUND_MS
    for (;;) {
      const found = this.#underWay()
      if (found.length === 0 || performance.now() > giveUpAt) return found
      await pause(LOOK_EVERY_MS)
    }
  }

  /** Ends what is there, and removes everything. */
  async close(): Promise<void> {
    if (this.#process !== undefined) await this.#process.kill()
    this.#process = undefined
    await this.orphans()
    this.#remove()
    this.#forget()
  }

  /** Directories that wait to be used again are nothing, nor are input roots that wait for the next action; what else is in them is something. */
  #underWay(): string[] {
    const entries = readdirSync(join(this.dir, 'run'), { recursive: true, withFileTypes: true })
    const root = join(this.dir, 'run')
    return entries
      .map((entry) => ({
        path: join(entry.parentPath, entry.name).slice(root.length + 1),
        isDirectory: entry.isDirectory(),
      }))
      .filter(({ path, isDirectory }) => !isDirectory || path.split('/').length > 3)
      .map(({ path }) => path)
      .filter((path) => !isKeptInput(path))
  }

  #isOurs(pid: string): boolean {
    try {
      const cwd = readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '')
      const places = [this.#home, this.#options.dir, this.#options.buildRoot]
      return places.some((place) => place !== undefined && (cwd === place || cwd.startsWith(`${place}/`)))
    } catch {
      // Gone, a zombie, or somebody else's.
      return false
    }
  }

  #remove(): void {
    for (const pid of this.processes()) killOne(pid)
    // What an action made may be protected from us.
    spawnSync('chmod', ['-R', 'u+rwX', this.#home])
    spawnSync('rm', ['-rf', this.#home])
  }
}

function isKeptInput(path: string): boolean {
  const input = pathInInputRoot(path)
  return input !== undefined && KEPT_INPUT.test(input)
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0
  }
}

/** False for a process that has ended by itself. */
export function killOne(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}
