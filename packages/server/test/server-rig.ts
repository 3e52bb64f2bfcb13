import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { RawClient, type RawClientOptions } from '@gorego/conformance/client'
import type { LogFields, Logger } from '@gorego/core'
import { type TemporaryDirectory, temporaryDirectory } from '@gorego/core/testing'
import { type RunningServer, startServer } from '../src/compose.js'
import { type Config, loadConfig } from '../src/config/index.js'

/** Settings that differ from `configOf`'s. */
export interface RigOptions
  extends Partial<Omit<Config, 'http' | 'limits' | 'localCache' | 'execution' | 'actionCache' | 'backingCache'>> {
  readonly http?: Partial<Config['http']>
  readonly limits?: Partial<Config['limits']>
  readonly localCache?: Partial<Config['localCache']>
  readonly execution?: Partial<Config['execution']>
  readonly actionCache?: Partial<Config['actionCache']>
  readonly backingCache?: Partial<Config['backingCache']>
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
  /** What the server logged. */
  readonly log: LogEntry[]
  readonly #temporary: TemporaryDirectory | undefined
  #stopped: Promise<void> | undefined

  private constructor(
    directory: string,
    temporary: TemporaryDirectory | undefined,
    server: RunningServer,
    log: LogEntry[],
  ) {
    this.directory = directory
    this.#temporary = temporary
    this.server = server
    this.log = log
    this.client = this.connect()
  }

  static async start(options: RigOptions = {}): Promise<ServerRig> {
    const temporary = options.directory === undefined ? temporaryDirectory() : undefined
    const directory = options.directory ?? temporary?.path ?? ''
    const log: LogEntry[] = []
    try {
      const server = await startServer(await configOf(options, directory), { logger: collectingLogger(log) })
      return new ServerRig(directory, temporary, server, log)
    } catch (error) {
      temporary?.[Symbol.dispose]()
      throw error
    }
  }

  /** Of what the server logged, what is a warning or worse. */
  get complaints(): LogEntry[] {
    return this.log.filter(({ level }) => level === 'warn' || level === 'error')
  }

  /** Another connection to the same server. */
  connect(options?: RawClientOptions): RawClient {
    return new RawClient(this.server.address, options)
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

/** So that all tests can be tried with several: `GOREGO_TEST_FRONT_ENDS=2 npm test -- packages/server/test`. */
const frontEnds = Number(process.env.GOREGO_TEST_FRONT_ENDS ?? 1)

/** Users that others than root cannot become are for the tests that ask for them. */
const STAY = process.geteuid?.() === 0 ? 'root' : 'auto'

/** The defaults, with one slot and a short queue, and over them what a test wants otherwise. */
export async function configOf(options: RigOptions, directory: string): Promise<Config> {
  const surroundings = { env: {}, cwd: directory, home: directory, platform: process.platform }
  const { config } = await loadConfig({ surroundings })
  const {
    listenAddr = '127.0.0.1:0',
    http,
    limits,
    localCache,
    execution,
    actionCache,
    backingCache,
    directory: _,
    ...rest
  } = options
  return {
    ...config,
    frontEnds,
    listenAddr,
    http: { ...config.http, ...http },
    limits: { ...config.limits, ...limits },
    localCache: { ...config.localCache, dir: directory, maxSizeGb: 1, ...localCache },
    // Tests look from outside at what actions do.
    execution: { ...config.execution, concurrency: 1, queueSize: 100, sandbox: 'none', runAs: STAY, ...execution },
    actionCache: { ...config.actionCache, ...actionCache },
    backingCache: { ...config.backingCache, ...backingCache },
    ...rest,
  }
}

function collectingLogger(log: LogEntry[]): Logger {
  const note =
    (level: keyof Logger) =>
    (message: string, fields: LogFields = {}) =>
      void log.push({ level, message, fields })
  return { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') }
}
