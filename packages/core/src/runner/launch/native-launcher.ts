import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { getSystemErrorMap } from 'node:util'
import { GoregoError } from '../../errors/index.js'
import type { ActionUser } from '../action-user.js'
import { FOUND_BYTES, FoundFiles } from '../found-files.js'
import type { PrintedFiles } from '../printed-files.js'
import { signalNumbered } from '../signal-numbered.js'
import type { CommandOrder, LaunchEnd, Launched, Launcher } from './launcher.js'
import {
  ANSWER_BYTES,
  type Answer,
  foundBy,
  lookOrder,
  readAnswer,
  signalOrder,
  startOrder,
} from './launcher-messages.js'

export interface NativeLauncherOptions {
  /** The program that native/launcher.c becomes. */
  readonly program: string
  readonly printed: PrintedFiles
  /** Who runs commands; undefined for whoever runs this. */
  readonly user?: ActionUser | undefined
  /** The program ended while a command was running: what that left has no parent any more. */
  readonly onDeath: (why: string) => void
}

/**
 * Has commands started by a small program that is there for as long as the runner is. It costs a third of what Node's spawn
 * does, and as the parent of all orphans it finds whatever a command leaves running, daemons too
 * (docs/decisions/0021-a-launcher-in-c.md).
 */
export class NativeLauncher implements Launcher {
  readonly #options: NativeLauncherOptions
  #process: LauncherProcess | undefined

  constructor(options: NativeLauncherOptions) {
    this.#options = options
  }

  launch(order: CommandOrder): Launched {
    const { program, printed, user, onDeath } = this.#options
    if (this.#process?.alive !== true) this.#process = new LauncherProcess(program, printed.descriptors, onDeath)
    const process = this.#process
    const { lookAt = [] } = order
    const orders = [...(lookAt.length > 0 ? [lookOrder(lookAt)] : []), startOrder(order, user)]
    return {
      ended: process.start(orders, foundBy(lookAt)).then((heard) => this.#end(heard)),
      signal: (name) => process.signal(constants.signals[name]),
    }
  }

  end(): void {
    this.#process?.end()
  }

  #end({ answer, found }: Heard): LaunchEnd {
    if (answer.kind === 'not-started') throw systemError(answer.errno)
    if (answer.kind === 'no-sandbox') throw noSandbox(this.#options.printed.beginning('stderr'))
    const { status, left, userMs, systemMs, peakBytes } = answer
    if (left) {
      // It may write yet: the next command prints to other files, which another process hands it.
      this.#options.printed.abandon()
      this.end()
      this.#process = undefined
    }
    const resources = { userCpuMs: userMs, systemCpuMs: systemMs, peakMemoryBytes: peakBytes }
    // As wait() puts it: the signal in the lowest seven bits, else the exit code in the byte above.
    const signal = status & 0x7f
    const end = { resources, ...(left ? {} : { found }) }
    if (signal === 0) return { exitCode: (status >> 8) & 0xff, signal: undefined, ...end }
    return { exitCode: 128 + signal, signal: signalNumbered(signal), ...end }
  }
}

interface Heard {
  readonly answer: Answer
  readonly found: FoundFiles
}

/** One life of the program. */
class LauncherProcess {
  readonly #child: ChildProcess
  readonly #orders: Writable
  #answer: { readonly resolve: (heard: Heard) => void; readonly reject: (error: unknown) => void } | undefined
  /** As long as it will be: what is found can be large, and is not to be copied twice. */
  #received = new Uint8Array()
  #length = 0
  alive = true

  constructor(program: string, printed: readonly [number, number], onDeath: (why: string) => void) {
    // Its descriptor 2 is ours: for last words, and whoever waits for our end waits for its, too.
    const child = spawn(program, { cwd: '/', env: {}, stdio: ['pipe', 'pipe', 'inherit', ...printed] })
    this.#child = child
    this.#orders = child.stdin as Writable
    // What became of the program is told by its end.
    this.#orders.on('error', () => {})
    const answers = child.stdout as Readable
    answers.on('data', (bytes: Buffer) => this.#receive(bytes))
    child.once('error', (cause) => {
      this.alive = false
      const message = `${program}, which starts commands, could not be started itself: ${cause.message}`
      this.#answer?.reject(new GoregoError('internal', message, { cause }))
      this.#answer = undefined
    })
    child.once('exit', (code, signal) => {
      this.alive = false
      if (this.#answer !== undefined) onDeath(signal ?? `exit code ${code}`)
    })
  }

  /** `looks`: at how many paths the orders have it look. */
  start(orders: readonly Buffer[], looks: number): Promise<Heard> {
    return new Promise((resolve, reject) => {
      this.#answer = { resolve, reject }
      this.#received = new Uint8Array(ANSWER_BYTES + looks * FOUND_BYTES)
      this.#length = 0
      this.#orders.cork()
      for (const order of orders) this.#orders.write(order)
      this.#orders.uncork()
    })
  }

  signal(number: number): void {
    this.#orders.write(signalOrder(number))
  }

  end(): void {
    this.#orders.end()
    this.#child.unref()
  }

  /** Nothing comes but one answer for each command. */
  #receive(bytes: Buffer): void {
    if (this.#length + bytes.length > this.#received.length)
      throw new Error('the launcher has said more than it was asked for')
    this.#received.set(bytes, this.#length)
    this.#length += bytes.length
    if (this.#length < this.#received.length) return
    const received = this.#received
    this.#received = new Uint8Array()
    const waiting = this.#answer
    this.#answer = undefined
    waiting?.resolve({ answer: readAnswer(received), found: new FoundFiles(received.subarray(ANSWER_BYTES)) })
  }
}

/** `said`: by what should have made it. */
function noSandbox(said: string): GoregoError {
  const why = said.trim() === '' ? 'bwrap did not say why' : said.trim()
  return new GoregoError('internal', `the sandbox could not be made: ${why}`)
}

/** As Node's own spawn would have thrown it. */
function systemError(errno: number): NodeJS.ErrnoException {
  const [code, what] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'an error of the system']
  return Object.assign(new Error(`${code}: ${what}`), { code, errno: -errno })
}
