import { type ChildProcess, fork } from 'node:child_process'
import type { Socket } from 'node:net'
import {
  type FromRunner,
  fromStoredFiles,
  type Job,
  type JobReply,
  killProcessesIn,
  killProcessesOf,
  killSession,
  type RunnerSetup,
  type StoredBlob,
  type StoredFiles,
  type ToRunner,
} from '../runner/index.js'
import type { Audience, PrintedPiece } from '../scheduler/index.js'
import { deferred } from './deferred.js'
import type { RunnerProgram } from './runner-program.js'

/** How much of what a runner wrote to stderr is kept, to say why it died. */
const LAST_WORDS = 4096

/**
 * How long after a runner's end those are waited for that hold its stderr: its launcher does until it has killed what the
 * command left, for which it takes no longer than this.
 */
const LAST_WORDS_BOUND_MS = 6_000

/** How long a runner may take over a cancelled job before it is killed: its own grace for the command, and some. */
const CANCEL_BOUND_MS = 10_000

export type RunnerAnswer =
  | { readonly kind: 'answered'; readonly reply: JobReply; readonly stored: readonly StoredBlob[] }
  | { readonly kind: 'died'; readonly lastWords: string }

/** As it came, from a program that may be another version's. */
type RawAnswer =
  | { readonly kind: 'answered'; readonly reply: JobReply; readonly stored: readonly StoredFiles[] }
  | Extract<RunnerAnswer, { readonly kind: 'died' }>

interface CurrentJob {
  readonly id: number
  readonly audience: Audience | undefined
  readonly answer: (answer: RawAnswer) => void
}

/** One child process, from its first job until it dies or is stopped. One job at a time: the next may be given when the answer is there. */
export class RunnerProcess {
  readonly #child: ChildProcess
  readonly #directory: string
  /** Who runs commands of this runner, and nothing else. */
  readonly #uid: number | undefined
  #current: CurrentJob | undefined
  /** The job that it puts things in order after. */
  #restoring: number | undefined
  #processGroup: number | undefined
  #lastWords = ''
  #jobs = 0
  #dead = false
  #stopping = false
  /** Resolves when the child has exited. */
  readonly exited: Promise<void>

  constructor(program: RunnerProgram, setup: RunnerSetup) {
    this.#directory = setup.directory
    this.#uid = setup.user?.exclusive ? setup.user.uid : undefined
    this.#child = fork(program.path, [], {
      execArgv: [...program.execArgv],
      env: { ...program.env },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS)
    })
    this.#child.on('message', (message: FromRunner) => this.#receive(message))
    this.exited = new Promise((resolve) => {
      const gone = (why: string) => {
        this.#gone(why)
        resolve()
      }
      this.#child.once('error', (error) => gone(error.message))
      this.#child.once('exit', (code, signal) => {
        const why = signal === null ? `exit code ${code}` : `signal ${signal}`
        // Its last words may still be on their way, and its launcher at work.
        this.#child.once('close', () => gone(why))
        setTimeout(gone, LAST_WORDS_BOUND_MS, why).unref()
      })
    })
    this.#post(setup)
    this.#keepAlive(false)
  }

  get alive(): boolean {
    return !this.#dead
  }

  /** The child's process id; for tests and the curious. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Whether it still puts things in order after its last job. The next one is begun when that is done. */
  get restoring(): boolean {
    return this.#restoring !== undefined
  }

  /** Gives the runner a job. */
  run(job: Omit<Job, 'kind' | 'id'>, audience: Audience | undefined, signal: AbortSignal): Promise<RunnerAnswer> {
    const id = this.#jobs++
    let killer: NodeJS.Timeout | undefined
    const cancel = () => {
      this.#post({ kind: 'cancel', id })
      killer = setTimeout(() => this.kill(), CANCEL_BOUND_MS)
      killer.unref()
    }
    const answer = deferred<RawAnswer>()
    this.#current = { id, audience, answer: answer.resolve }
    this.#keepAlive(true)
    this.#post({ kind: 'job', id, ...job })
    const watch = audience?.watch(() => this.#post({ kind: 'listen', id }))
    if (signal.aborted) cancel()
    else signal.addEventListener('abort', cancel, { once: true })
    return answer.promise.then(understood).finally(() => {
      clearTimeout(killer)
      watch?.[Symbol.dispose]()
      signal.removeEventListener('abort', cancel)
    })
  }

  copyInputs(keys: readonly string[]): void {
    this.#post({ kind: 'copy', keys })
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Kills it and waits for its end, for which the program must stay. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#keepAlive(true)
    this.kill()
    await this.exited
  }

  #receive(message: FromRunner): void {
    if (message.kind === 'started') {
      this.#processGroup = message.processGroup
    } else if (message.kind === 'printed') {
      void this.#tell(message.id, message.piece)
    } else if (message.kind === 'reply') {
      const current = this.#current
      this.#processGroup = undefined
      this.#current = undefined
      this.#restoring = message.id
      current?.answer({ kind: 'answered', reply: message.reply, stored: message.stored })
    } else if (message.id === this.#restoring) {
      this.#restoring = undefined
      if (this.#current === undefined) this.#keepAlive(false)
    }
  }

  /** The next piece comes when everybody has taken this one. */
  async #tell(id: number, piece: PrintedPiece): Promise<void> {
    const taking = this.#current?.id === id ? this.#current.audience?.tell(piece) : undefined
    if (taking !== undefined) await taking
    this.#post({ kind: 'taken', id })
  }

  /** Whatever it was doing is lost, and its command must not outlive it. The next runner of the slot removes the files. */
  #gone(why: string): void {
    if (this.#dead) return
    this.#dead = true
    killSession(this.#processGroup)
    killProcessesIn(this.#directory)
    if (this.#uid !== undefined) killProcessesOf(this.#uid)
    this.#current?.answer({
      kind: 'died',
      lastWords: `${why}${this.#lastWords === '' ? '' : `: ${this.#lastWords.trim()}`}`,
    })
    this.#current = undefined
    this.#restoring = undefined
  }

  /** An idle runner must not keep a program running that has nothing else to do. */
  #keepAlive(busy: boolean): void {
    const stderr = this.#child.stderr as Socket | null
    for (const handle of [this.#child, this.#child.channel, stderr]) {
      if (busy || this.#stopping) handle?.ref()
      else handle?.unref()
    }
  }

  #post(message: ToRunner): void {
    // A child that died takes no messages; that it did is told by its exit.
    if (this.#child.connected) this.#child.send(message, () => {})
  }
}

/** Here, and not where the message comes in, what cannot be understood is the action's failure, and not the end of this process. */
function understood(answer: RawAnswer): RunnerAnswer {
  return answer.kind === 'died' ? answer : { ...answer, stored: fromStoredFiles(answer.stored) }
}
