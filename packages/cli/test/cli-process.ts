import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HANG_BOUND_MS, type TemporaryDirectory, temporaryDirectory } from '@gorego/core/testing'

const PROGRAM = fileURLToPath(new URL('./gorego.ts', import.meta.url))
const TERMINAL = fileURLToPath(new URL('./in-terminal.py', import.meta.url))
const NODE_ARGUMENTS = ['--conditions=gorego-source', '--import', import.meta.resolve('tsx')]
/** What starts gorego from its sources. */
export const GOREGO = [process.execPath, ...NODE_ARGUMENTS, PROGRAM]

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A user's machine: a home and a working directory, empty, and gorego at hand, started as processes from its sources. */
export class Machine implements AsyncDisposable {
  readonly #directory: TemporaryDirectory = temporaryDirectory()
  readonly #running = new Set<RunningCli>()
  readonly home = join(this.#directory.path, 'home')
  readonly cwd = join(this.#directory.path, 'work')

  constructor() {
    mkdirSync(this.home)
    mkdirSync(this.cwd)
  }

  /** Runs it to its end. */
  async gorego(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
    return await this.start(args, env).finished
  }

  start(args: readonly string[], env: Record<string, string> = {}): RunningCli {
    return this.#start([...GOREGO, ...args], env)
  }

  /** The same in a terminal of 100 columns, which is all of its standard output. Python has to be there. */
  startInTerminal(args: readonly string[], env: Record<string, string> = {}): RunningCli {
    return this.#start(['python3', TERMINAL, ...GOREGO, ...args], {
      TERM: 'xterm',
      ...env,
    })
  }

  #start([program = '', ...args]: readonly string[], env: Record<string, string>): RunningCli {
    const { PATH, TMPDIR, GOREGO_TEST_RUN } = process.env
    const child = spawn(program, args, {
      cwd: this.cwd,
      // GOREGO_TEST_RUN is how the test runner recognises the processes of a test; and tests look from outside at actions.
      env: { HOME: this.home, PATH, TMPDIR, GOREGO_TEST_RUN, GOREGO_EXECUTION_SANDBOX: 'none', ...env },
      stdio: [program === process.execPath ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    const running = new RunningCli(child)
    this.#running.add(running)
    const forget = () => this.#running.delete(running)
    running.finished.then(forget, forget)
    return running
  }

  /** A named pipe: whoever opens it waits for the other end, which is how a test and an action meet. */
  fifo(name: string): string {
    const path = join(this.cwd, name)
    const { status } = spawnSync('mkfifo', [path])
    if (status !== 0) throw new Error(`mkfifo ${path} failed`)
    return path
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((running) => running.kill()))
    this.#directory[Symbol.dispose]()
  }
}

/** A process that a test has started. */
export class RunningCli {
  readonly #child: ChildProcess
  readonly #printed = { stdout: '', stderr: '' }
  /** Rejects if it had to be killed because it did not end by itself within `boundMs`. */
  readonly finished: Promise<Finished>

  constructor(child: ChildProcess, { boundMs = HANG_BOUND_MS }: { readonly boundMs?: number } = {}) {
    this.#child = child
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this.#printed[name] += text
      })
    }
    this.finished = new Promise((resolve, reject) => {
      let isLate = false
      const late = setTimeout(() => {
        isLate = true
        child.kill('SIGKILL')
      }, boundMs)
      child.once('close', (code) => {
        clearTimeout(late)
        if (!isLate) return resolve({ code, ...this.#printed })
        const { stdout, stderr } = this.#printed
        const what = child.spawnargs.join(' ')
        reject(new Error(`it had not ended within ${boundMs / 1000} s and was killed: ${what}\n${stdout}${stderr}`))
      })
    })
    // Who does not wait for it need not know.
    this.finished.catch(() => {})
  }

  /** Waits until it has printed that, and returns what the pattern's groups caught. */
  async printed(stream: 'stdout' | 'stderr', pattern: RegExp): Promise<string[]> {
    for (;;) {
      const match = pattern.exec(this.#printed[stream])
      if (match !== null) return match.slice(1)
      const more = new Promise<undefined>((resolve) => this.#child[stream]?.once('data', () => resolve(undefined)))
      const end = await Promise.race([more, this.finished])
      if (end !== undefined && !pattern.test(end[stream])) {
        throw new Error(`it ended with ${end.code} and never printed ${pattern}:\n${end.stdout}${end.stderr}`)
      }
    }
  }

  /** What it has printed up to now. */
  soFar(stream: 'stdout' | 'stderr'): string {
    return this.#printed[stream]
  }

  /** The address that `gorego start` announces. */
  async ready(): Promise<string> {
    const [address = ''] = await this.printed('stdout', /^gorego ready on (\S+)\n/m)
    return address
  }

  /** Of one in a terminal: `size COLUMNS`, or a signal for the program. */
  tellTerminal(what: string): void {
    this.#child.stdin?.write(`${what}\n`)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name)
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.finished.catch(() => {})
  }
}
