import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { LogFields, Logger } from '@gorego/core'
import { type TemporaryDirectory, temporaryDirectory } from '@gorego/core/testing'
import { type RunningServer, startServer } from '../src/compose.js'
import type { Config } from '../src/config/index.js'
import { RawClient } from './raw-client.js'

export interface RigOptions {
  /** Default: a free port of 127.0.0.1. */
  readonly listenAddr?: string
  readonly maxSizeGb?: number
  readonly execution?: Partial<Config['execution']>
  /** Below it the server keeps everything. Default: a fresh directory, removed by `stop`. */
  readonly directory?: string
}

export interface LogEntry {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: LogFields
}

/** A real server on a free port with everything in a fresh directory, and a client connected to it. */
export class ServerRig implements AsyncDisposable {
  readonly directory: string
  readonly server: RunningServer
  readonly client: RawClient
  /** What the server logged as a warning or worse. */
  readonly complaints: LogEntry[]
  readonly #temporary: TemporaryDirectory | undefined
  #stopped: Promise<void> | undefined

  private constructor(
    directory: string,
    temporary: TemporaryDirectory | undefined,
    server: RunningServer,
    complaints: LogEntry[],
  ) {
    this.directory = directory
    this.#temporary = temporary
    this.server = server
    this.complaints = complaints
    this.client = new RawClient(server.address)
  }

  static async start(options: RigOptions = {}): Promise<ServerRig> {
    const temporary = options.directory === undefined ? temporaryDirectory() : undefined
    const directory = options.directory ?? temporary?.path ?? ''
    const complaints: LogEntry[] = []
    try {
      const server = await startServer(configOf(options, directory), { logger: collectingLogger(complaints) })
      return new ServerRig(directory, temporary, server, complaints)
    } catch (error) {
      temporary?.[Symbol.dispose]()
      throw error
    }
  }

  /** Another connection to the same server. */
  connect(): RawClient {
    return new RawClient(this.server.address)
  }

  /** Files of uploads that are under way: none, when nothing is. */
  temporaryFiles(): string[] {
    const sessions = join(this.directory, 'run')
    if (!existsSync(sessions)) return []
    const entries = readdirSync(sessions, { recursive: true, withFileTypes: true })
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  }

  /** Names of the sessions that processes have in the store: of a server that was stopped, none. */
  sessions(): string[] {
    return readdirSync(join(this.directory, 'run'))
  }

  /** Stops the server at once, says if it leaves anything behind, and removes the directory. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #stop(): Promise<void> {
    this.client[Symbol.dispose]()
    await this.server.stop({ drainMs: 0 })
    // In a directory that was given others may be at work.
    const left = this.#temporary === undefined ? [] : this.sessions()
    this.#temporary?.[Symbol.dispose]()
    if (left.length > 0) throw new Error(`the server left behind: ${left.join(', ')}`)
  }
}

export function configOf(options: RigOptions, directory: string): Config {
  return {
    listenAddr: options.listenAddr ?? '127.0.0.1:0',
    localCache: { dir: directory, maxSizeGb: options.maxSizeGb ?? 1 },
    execution: { enabled: true, concurrency: 1, buildRoot: undefined, queueSize: 100, ...options.execution },
    logLevel: 'info',
  }
}

function collectingLogger(complaints: LogEntry[]): Logger {
  const note =
    (level: keyof Logger) =>
    (message: string, fields: LogFields = {}) =>
      void complaints.push({ level, message, fields })
  return { debug() {}, info() {}, warn: note('warn'), error: note('error') }
}
