import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { performance } from 'node:perf_hooks'
import type { UsedResources } from '../../proto/resource-usage.js'
import type { ActionUser } from '../action-user.js'
import type { PrintedFiles } from '../printed-files.js'
import { childCpuSinceLast } from './child-cpu.js'
import { killGroup } from './kill-group.js'
import { killSession } from './kill-session.js'
import type { CommandOrder, LaunchEnd, Launched, Launcher } from './launcher.js'
import { Leftovers } from './leftovers.js'
import { PeakMemory } from './peak-memory.js'

export interface NodeLauncherOptions {
  /** The slot's: what works in it is the command's. */
  readonly directory: string
  readonly printed: PrintedFiles
  /** Who runs commands; undefined for whoever runs this. */
  readonly user?: ActionUser | undefined
  /** A command runs in the process group, and session, of this number. */
  readonly onStart: (processGroup: number) => void
}

/** Starts commands as Node does, for systems that the native launcher is not built for. */
export class NodeLauncher implements Launcher {
  readonly #options: NodeLauncherOptions
  readonly #leftovers: Leftovers
  #running: number | undefined

  constructor(options: NodeLauncherOptions) {
    this.#options = options
    this.#leftovers = new Leftovers(options.directory, options.printed, options.user)
  }

  launch(order: CommandOrder): Launched {
    let child: ChildProcess
    try {
      child = this.#start(order)
    } catch (error) {
      // Node throws some errors of the system, and tells others by an event.
      return { ended: Promise.reject(error), signal() {} }
    }
    const { pid } = child
    const ended = exit(child)
    this.#running = pid
    if (pid !== undefined) this.#options.onStart(pid)
    return {
      ended: pid === undefined ? ended : this.#end(pid, ended),
      signal: (name) => killGroup(pid, name),
    }
  }

  end(): void {
    killSession(this.#running)
  }

  #start({ program, argv, env, workingDirectory }: CommandOrder): ChildProcess {
    const { printed, user } = this.#options
    using files = printed.openForCommand()
    return spawn(program, argv.slice(1), {
      argv0: argv[0],
      cwd: workingDirectory,
      env,
      detached: true,
      // Drops supplementary groups, too.
      ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
      stdio: ['ignore', ...files.descriptors],
    })
  }

  async #end(pid: number, ended: Promise<LaunchEnd>): Promise<LaunchEnd> {
    const startedAt = performance.now()
    using memory = new PeakMemory(pid)
    try {
      const end = await ended
      const resources = usage(memory.bytes)
      return { ...end, ...(resources === undefined ? {} : { resources }) }
    } finally {
      this.#running = undefined
      killGroup(pid, 'SIGKILL')
      this.#leftovers.end(pid, performance.now() - startedAt)
    }
  }
}

function usage(peakMemoryBytes: number | undefined): UsedResources | undefined {
  const used = childCpuSinceLast()
  if (used === undefined) return undefined
  return {
    userCpuMs: used.userMs,
    systemCpuMs: used.systemMs,
    ...(peakMemoryBytes === undefined ? {} : { peakMemoryBytes }),
  }
}

function exit(child: ChildProcess): Promise<LaunchEnd> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
      resolve({ exitCode, signal: signal ?? undefined })
    })
  })
}
