import { setTimeout as sleep } from 'node:timers/promises'
import type { BackingCache, LocalStore, Logger, Scheduler } from '@gorego/core'
import type { Config } from '../config/index.js'
import type { DeterminismReporter } from '../determinism/determinism-report.js'
import type { History } from '../history/action-history.js'
import type { PlainMetrics } from '../metrics/serving-metrics.js'
import type { Handler } from './channel.js'
import { Connections } from './connections.js'
import { FrontEndProcess } from './front-end-process.js'
import { frontEndProgram } from './front-end-program.js'
import type { LogLine } from './remote-logger.js'
import { serveBacking } from './serve-backing.js'
import { serveDeterminism } from './serve-determinism.js'
import { serveHistory } from './serve-history.js'
import { serveKeeper } from './serve-keeper.js'
import { serveScheduler } from './serve-scheduler.js'

export interface FrontEndsOptions {
  readonly count: number
  readonly config: Config
  /** For so long the store keeps a blob beyond what is promised, in milliseconds. */
  readonly leaseMs: number
  readonly store: LocalStore
  /** Absent from a cache that executes nothing. */
  readonly scheduler: Scheduler | undefined
  /** Absent with the scheduler. */
  readonly history: History | undefined
  readonly determinism: DeterminismReporter | undefined
  /** Absent where there is none. */
  readonly backing: BackingCache | undefined
  readonly logger: Logger
}

/** How long after its death a front end is started again; twice as long each time that it dies soon, up to a bound. */
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 10_000

/** One that lived so long did not die of how it was started. */
const STEADY_MS = 60_000

/**
 * Several processes that speak gRPC on one address, over one store and one scheduler, which stay here. A front end that
 * dies takes its connections with it and nothing else: it is started again, and others get the connections that come meanwhile.
 */
export class FrontEnds {
  readonly #options: FrontEndsOptions
  readonly #program = frontEndProgram()
  readonly #connections: Connections
  readonly #processes = new Set<FrontEndProcess>()
  /** One for each front end, until it is not to be started again. */
  readonly #kept: Promise<void>[] = []
  readonly #stopping = new AbortController()
  #draining = false

  private constructor(options: FrontEndsOptions, connections: Connections) {
    this.#options = options
    this.#connections = connections
    connections.giveTo(() => this.#leastBusy())
  }

  /** Resolves when all of them serve. Throws where nobody can listen, or one of them does not start. */
  static async start(options: FrontEndsOptions): Promise<FrontEnds> {
    const { listenAddr, unixSocketMode: socketMode } = options.config
    const frontEnds = new FrontEnds(options, await Connections.listen(listenAddr, { socketMode }))
    try {
      await frontEnds.#startAll()
      return frontEnds
    } catch (error) {
      await frontEnds.stop(0)
      throw error
    }
  }

  /** As the listen address, with the real port. */
  get address(): string {
    return this.#connections.address
  }

  /** Process ids of those that serve. */
  get pids(): number[] {
    return this.#serving.flatMap(({ pid }) => pid ?? [])
  }

  /** What has begun is finished; who asks whether they are healthy is told no. */
  async drain(): Promise<void> {
    this.#draining = true
    await this.#all((each) => each.drain())
  }

  /** Blobs were lost: each of them asks again about whatever it is asked for. */
  forget(): void {
    for (const each of this.#processes) each.forget()
  }

  /** What each of them counted. */
  async metrics(): Promise<PlainMetrics[]> {
    return await Promise.all(this.#serving.map((each) => each.metrics()))
  }

  /** How long nobody has used any of them, in milliseconds. */
  async idleMs(): Promise<number> {
    return Math.min(...(await Promise.all([...this.#processes].map((each) => each.idleMs()))))
  }

  /** Resolves when no call has come in for a moment, or the bound is over. */
  async quiet(boundMs: number): Promise<void> {
    await this.#all((each) => each.quiet(boundMs))
  }

  /** Accepts nothing more, waits for calls to end, up to a bound, and for the processes. */
  async stop(boundMs: number): Promise<void> {
    this.#stopping.abort()
    this.#connections.close()
    await this.#all((each) => each.stop(boundMs))
    await Promise.all(this.#kept)
  }

  get #serving(): FrontEndProcess[] {
    return [...this.#processes].filter((each) => each.serving)
  }

  async #startAll(): Promise<void> {
    const started = Array.from({ length: this.#options.count }, (_, n) => this.#launch(n))
    await Promise.all(started.map((each) => each.ready))
    this.#kept.push(...started.map((each, n) => this.#keep(n, each)))
  }

  #launch(n: number): FrontEndProcess {
    const { config, leaseMs, store, scheduler, history, determinism, backing, logger, count } = this.#options
    const setup = {
      config,
      temporary: store.workDirectory(`front-end-${n}`),
      maxBytes: store.usage.maxBytes,
      leaseMs,
      frontEnds: count,
    }
    const log: Handler = ({ head }) => {
      const { level, message, fields } = head as LogLine
      logger[level](message, fields)
      return {}
    }
    const keeper = serveKeeper(store, { spare: () => this.#spare(), lost: () => this.forget() })
    const engine = { ...serveScheduler(scheduler), ...serveHistory(history), ...serveDeterminism(determinism) }
    const handlers = { ...keeper.handlers, ...engine, ...serveBacking(backing), log }
    const launched = new FrontEndProcess({
      program: this.#program,
      setup,
      handlers,
      giveBack: (connection) => this.#connections.take(connection),
    })
    this.#processes.add(launched)
    void launched.exited.then(() => {
      this.#processes.delete(launched)
      keeper[Symbol.dispose]()
    })
    const serves = () => {
      if (this.#draining) void launched.drain()
      this.#connections.handOver()
    }
    launched.ready.then(serves, () => {})
    return launched
  }

  /** Starts it again whenever it ends, until all are to stop. */
  async #keep(n: number, first: FrontEndProcess): Promise<void> {
    const { logger } = this.#options
    const { signal } = this.#stopping
    let delayMs = FIRST_DELAY_MS
    for (let current = first; ; current = this.#launch(n)) {
      const startedAt = performance.now()
      const why = await current.exited
      if (signal.aborted) return
      if (performance.now() - startedAt > STEADY_MS) delayMs = FIRST_DELAY_MS
      logger.error('a front end died; it is started again', { why, delay_ms: delayMs })
      await sleep(delayMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      delayMs = Math.min(2 * delayMs, LONGEST_DELAY_MS)
    }
  }

  #leastBusy(): FrontEndProcess | undefined {
    return this.#serving.sort((a, b) => a.connections - b.connections)[0]
  }

  /** Any upload that broke off, of whichever front end. */
  async #spare(): Promise<boolean> {
    for (const each of this.#serving) if (await each.spare()) return true
    return false
  }

  async #all(act: (frontEnd: FrontEndProcess) => Promise<void>): Promise<void> {
    await Promise.all([...this.#processes].map(act))
  }
}
