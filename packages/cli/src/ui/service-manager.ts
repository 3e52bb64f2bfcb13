import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Logger } from '@gorego/core'
import type { Surroundings } from '@gorego/server'

/** The manager stops waiting for a message that cannot be sent; so do we. */
const SEND_BOUND_MS = 5_000

/** What ending takes beyond what running actions are given, in milliseconds. */
const BEYOND_GRACE_MS = 15_000

/**
 * systemd, where it started us and wants to hear (`Type=notify`); elsewhere nothing happens. Messages go to a datagram socket, which Node
 * cannot speak to, so systemd's own `systemd-notify` sends them: the unit needs `NotifyAccess=all`.
 */
export class ServiceManager implements Disposable {
  readonly #env: Surroundings['env']
  readonly #logger: Logger
  readonly #listens: boolean
  #watchdog: NodeJS.Timeout | undefined
  #last: Promise<void> = Promise.resolve()

  constructor({ env }: Pick<Surroundings, 'env'>, logger: Logger, pid = process.pid) {
    this.#env = env
    this.#logger = logger
    this.#listens = (env.NOTIFY_SOCKET ?? '') !== ''
    const { WATCHDOG_USEC, WATCHDOG_PID = String(pid) } = env
    const watchdogMs = Number(WATCHDOG_USEC) / 1000
    if (this.#listens && watchdogMs > 0 && WATCHDOG_PID === String(pid)) {
      // Before it serves, nobody expects it: the watch begins with READY.
      this.#watchdog = setInterval(() => this.#tell('WATCHDOG=1'), watchdogMs / 2).unref()
    }
  }

  /** It serves. */
  ready(status: string): Promise<void> {
    return this.#tell('READY=1', `STATUS=${status}`)
  }

  /** It ends, for which it may take some time. */
  stopping(graceMs: number): Promise<void> {
    const extendMs = graceMs + BEYOND_GRACE_MS
    return this.#tell('STOPPING=1', `EXTEND_TIMEOUT_USEC=${extendMs * 1000}`, 'STATUS=running actions may finish')
  }

  [Symbol.dispose](): void {
    clearInterval(this.#watchdog)
  }

  /** One message after the other. */
  #tell(...lines: readonly string[]): Promise<void> {
    if (!this.#listens) return this.#last
    this.#last = this.#last.then(() => this.#send(lines))
    return this.#last
  }

  async #send(lines: readonly string[]): Promise<void> {
    const { PATH, NOTIFY_SOCKET } = this.#env
    const env = { PATH, NOTIFY_SOCKET }
    try {
      await promisify(execFile)('systemd-notify', [...lines], { env, timeout: SEND_BOUND_MS })
    } catch (error) {
      clearInterval(this.#watchdog)
      this.#logger.warn('systemd could not be told how we are: install systemd-notify, or set Type=exec in the unit', {
        error,
      })
    }
  }
}
