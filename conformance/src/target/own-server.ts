import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type TemporaryDirectory, temporaryDirectory } from '@gorego/core/testing'

/** By their keys in config.yaml. */
export type Settings = Readonly<Record<string, string | number | boolean>>

const READY = /^gorego ready on grpc:\/\/(\S+)$/m
const UNKNOWN_VARIABLE = /the environment variable (GOREGO_\w+) means nothing/
const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 60_000

/** A `gorego start` in a process of its own, as a user starts it: settings travel as GOREGO_ variables. */
export class OwnServer {
  readonly address: string
  readonly secure = false
  readonly instance = ''
  readonly pid: number
  /** Below it are the store and whatever is under way. */
  readonly directory: string
  readonly #child: ChildProcess
  readonly #output: { text: string }
  readonly #temporary: TemporaryDirectory
  #stopped: Promise<void> | undefined

  private constructor(
    child: ChildProcess,
    address: string,
    output: { text: string },
    directory: string,
    temporary: TemporaryDirectory,
  ) {
    this.#child = child
    this.#output = output
    this.#temporary = temporary
    this.address = address
    this.directory = directory
    this.pid = child.pid ?? 0
  }

  static async start(settings: Settings = {}): Promise<OwnServer> {
    const temporary = temporaryDirectory()
    const directory = join(temporary.path, 'data')
    const program = fileURLToPath(new URL('../../../packages/cli/bin/gorego.js', import.meta.url))
    const args = [program, 'start', '--listen', '127.0.0.1:0', '--dir', directory]
    const child = spawn(process.execPath, args, {
      cwd: temporary.path,
      // Cases look from outside at what actions do.
      env: { ...inherited(), GOREGO_EXECUTION_SANDBOX: 'none', ...variables(settings) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output = { text: '' }
    try {
      const address = await readyAddress(child, output)
      const [, unknown] = UNKNOWN_VARIABLE.exec(output.text) ?? []
      if (unknown !== undefined) throw new Error(`gorego has no setting for ${unknown}`)
      return new OwnServer(child, address, output, directory, temporary)
    } catch (error) {
      child.kill('SIGKILL')
      temporary[Symbol.dispose]()
      throw error
    }
  }

  /** What it logged so far: a JSON object a line. */
  get logs(): readonly Readonly<Record<string, unknown>>[] {
    const lines = this.#output.text.split('\n').filter((line) => line.startsWith('{'))
    return lines.map((line) => JSON.parse(line))
  }

  /** Files of what is under way: none, when nothing is. */
  temporaryFiles(): string[] {
    const sessions = join(this.directory, 'run')
    if (!existsSync(sessions)) return []
    const entries = readdirSync(sessions, { recursive: true, withFileTypes: true })
    return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  }

  /** SIGTERM. Throws if it does not leave with exit code 0, or leaves sessions in its directory. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  async #stop(): Promise<void> {
    try {
      const ended = new Promise<string>((resolve) => {
        if (this.#child.exitCode !== null) resolve(`exit code ${this.#child.exitCode}`)
        this.#child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
      })
      this.#child.kill('SIGTERM')
      // A second one: no running action is waited for.
      const soon = setTimeout(() => this.#child.kill('SIGTERM'), 1_000)
      const late = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS)
      const how = await ended
      clearTimeout(soon)
      clearTimeout(late)
      if (how !== 'exit code 0' && how !== 'exit code 143') {
        throw new Error(`the server ended with ${how}:\n${this.#output.text.slice(-4096)}`)
      }
    } finally {
      this.#temporary[Symbol.dispose]()
    }
  }
}

function inherited(): NodeJS.ProcessEnv {
  const env = Object.entries(process.env).filter(([name]) => !name.startsWith('GOREGO_') || name === 'GOREGO_TEST_RUN')
  return Object.fromEntries(env)
}

function variables(settings: Settings): NodeJS.ProcessEnv {
  const entries = Object.entries(settings)
  return Object.fromEntries(
    entries.map(([key, value]) => [`GOREGO_${key.replaceAll('.', '_').toUpperCase()}`, String(value)]),
  )
}

function readyAddress(child: ChildProcess, output: { text: string }): Promise<string> {
  let printed = ''
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`gorego ${why}\n${output.text}${printed}`.trimEnd()))
    const timer = setTimeout(() => fail(`was not ready after ${START_LIMIT_MS / 1000} s`), START_LIMIT_MS)
    child.once('error', (error) => fail(`could not be started: ${error.message}`))
    child.once('exit', (code, signal) => fail(`ended (${signal ?? `exit code ${code}`}) before it was ready`))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output.text += text
    })
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      const address = READY.exec(printed)?.[1]
      if (address === undefined) return
      clearTimeout(timer)
      resolve(address)
    })
    child.once('exit', () => clearTimeout(timer))
  })
}
