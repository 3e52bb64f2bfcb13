import { type ChildProcess, fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { GoregoError } from '@gorego/core'
import type { PlainMetrics } from '../metrics/serving-metrics.js'
import { Channel, type Handler } from './channel.js'
import type { FrontEndProgram } from './front-end-program.js'
import { CHANNEL_FD, type Setup } from './setup.js'

/** How much of what a front end wrote to stderr is kept, to say why it died. */
const LAST_WORDS = 4096

/** How long after its end they are waited for. */
const LAST_WORDS_BOUND_MS = 100

/** How long one that was told to stop may take beyond what its calls were given, the last spans and all, before it is killed. */
const EXIT_BOUND_MS = 8_000

export interface FrontEndOptions {
  readonly program: FrontEndProgram
  readonly setup: Setup
  /** What it may call here. */
  readonly handlers: Readonly<Record<string, Handler>>
  /** Is given the connections of which it never said that it had them, when it dies. */
  readonly giveBack: (connection: Socket) => void
}

/** One front-end process, as seen by the one that started it. */
export class FrontEndProcess {
  /** Resolves when it serves; rejects if it dies before. */
  readonly ready: Promise<void>
  /** Resolves with the reason when it has ended. */
  readonly exited: Promise<string>
  readonly #child: ChildProcess
  readonly #channel: Channel
  readonly #giveBack: (connection: Socket) => void
  /** Connections that it has not said that it has, by the number they were passed with. */
  readonly #passing = new Map<number, Socket>()
  #passed = 0
  #connections = 0
  #lastWords = ''
  #serving = false

  constructor({ program, setup, handlers, giveBack }: FrontEndOptions) {
    this.#giveBack = giveBack
    // What the one before left unfinished.
    rmSync(setup.temporary, { recursive: true, force: true })
    this.#child = fork(program.path, [], {
      execArgv: [...program.execArgv],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS)
    })
    const own: Record<string, Handler> = {
      taken: ({ head }) => {
        this.#passing.get(head as number)?.destroy()
        this.#passing.delete(head as number)
        return {}
      },
      closed: () => {
        this.#connections--
        return {}
      },
    }
    this.#channel = new Channel(this.#child.stdio[CHANNEL_FD] as unknown as Duplex, { ...handlers, ...own })
    this.exited = this.#end()
    this.ready = this.#start(setup)
    // Whoever waits for one of the two need not wait for the other.
    this.ready.catch(() => {})
  }

  get serving(): boolean {
    return this.#serving && this.#child.connected
  }

  /** How many connections it has. */
  get connections(): number {
    return this.#connections
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Gives it a connection that was accepted here and of which nothing was read. Ours stays open until it says that it has it. */
  pass(connection: Socket): void {
    const number = this.#passed++
    this.#connections++
    this.#passing.set(number, connection)
    // That it could not be sent is told by the end of the process.
    this.#child.send(number, connection, { keepOpen: true }, () => {})
  }

  /** What has begun is finished; who asks whether it is healthy is told no. */
  async drain(): Promise<void> {
    await this.#channel.call('drain').catch(() => {})
  }

  /** How long nobody has used it, in milliseconds. Who cannot say is not idle: it has just died, and its clients come back. */
  async idleMs(): Promise<number> {
    return await this.#channel.call('idle').then(
      ({ head }) => head as number,
      () => 0,
    )
  }

  /** Resolves when no call has come in for a moment, or the bound is over. */
  async quiet(boundMs: number): Promise<void> {
    await this.#channel.call('quiet', { head: boundMs }).catch(() => {})
  }

  /** Blobs were lost: what it remembers of what is there may be wrong. */
  forget(): void {
    this.#channel.tell('forget')
  }

  /** Gives up an upload that broke off. False if there is none. */
  async spare(): Promise<boolean> {
    return await this.#channel.call('spare').then(
      ({ head }) => head as boolean,
      () => false,
    )
  }

  /** What it counted since it started; nothing of one that cannot say. */
  async metrics(): Promise<PlainMetrics> {
    return await this.#channel.call('metrics').then(
      ({ head }) => head as PlainMetrics,
      () => [],
    )
  }

  /** Waits for its calls to end, up to a bound, then for its end. */
  async stop(boundMs: number): Promise<void> {
    this.#serving = false
    const killer = setTimeout(() => this.kill(), boundMs + EXIT_BOUND_MS)
    await this.#channel.call('stop', { head: boundMs }).catch(() => {})
    this.#channel.close()
    await this.exited
    clearTimeout(killer)
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async #start(setup: Setup): Promise<void> {
    const died = this.exited.then((why) => {
      throw new GoregoError('unavailable', `a front end died at its start: ${why}`)
    })
    const serves = this.#channel.call('serve', { head: setup }).catch((error) => {
      // One that does not serve is of no use; with it gone, it is tried again.
      this.kill()
      throw error
    })
    await Promise.race([serves, died])
    this.#serving = true
  }

  #end(): Promise<string> {
    return new Promise((resolve) => {
      const gone = (why: string) => {
        this.#serving = false
        this.#channel.close()
        for (const connection of this.#passing.values()) this.#giveBack(connection)
        this.#passing.clear()
        const told = () => resolve(this.#lastWords === '' ? why : `${why}: ${this.#lastWords.trim()}`)
        // Its last words may still be on their way; whoever else holds the pipe must not keep us waiting.
        this.#child.stderr?.once('close', told)
        // In the turn after it: what has come while this process had none is read before.
        setTimeout(() => setImmediate(told), LAST_WORDS_BOUND_MS)
      }
      this.#child.once('error', (error) => gone(error.message))
      this.#child.once('exit', (code, signal) => gone(signal === null ? `exit code ${code}` : `signal ${signal}`))
      // It takes no more of what we say: there is no use for it.
      void this.#channel.closed.then(() => {
        if (this.#serving) this.kill()
      })
    })
  }
}
