import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onExit } from '@gorego/bench/clean-up'
import { within } from './gorego-process.js'

const EXAMPLE = fileURLToPath(new URL('../../examples/bazel-cpp', import.meta.url))
const COMMAND_WITHIN_MS = 300_000
/** For each of the two commands of apt-get; the test runner gives all of a file ten minutes. */
const INSTALL_WITHIN_MS = 200_000
/** Debian's bazel-4 carries nothing in its own executable: its system bazelrc, which the tests do not read, says this. */
const DEBIAN_INSTALL_BASE = '/usr/share/bazel'

/** The line "INFO: 29 processes: 13 internal, 16 remote.", as numbers. */
export interface ProcessSummary {
  /** Executed by the server. */
  remote: number
  /** Answered from the server's action cache. */
  remoteCacheHit: number
  /** What Bazel does without a process: making symlinks, writing parameter files. */
  internal: number
  /** Everything else, by name: what ran on the client's side, as in `{ 'linux-sandbox': 2 }`. */
  elsewhere: Record<string, number>
}

export interface BazelResult {
  exitCode: number | null
  stdout: string
  /** Bazel's messages go to stderr; the table of test results, and what tests print, to stdout. */
  console: string
  processes: ProcessSummary
}

export type FoundBazel = { program: string } | { reason: string }

/** GOREGO_TEST_BAZEL, or bazel-4 and a C++ compiler (installed from Debian's packages where that is possible). */
export function findBazel(): FoundBazel {
  const chosen = process.env.GOREGO_TEST_BAZEL
  if (chosen) {
    const program = findProgram(chosen)
    if (program === undefined) throw new Error(`GOREGO_TEST_BAZEL is ${chosen}, and there is no such program`)
    return { program }
  }
  const missing = () => ['bazel-4', 'g++'].filter((name) => findProgram(name) === undefined)
  if (missing().length === 0) return { program: findProgram('bazel-4') as string }

  const without = `${missing().join(' and ')} not found`
  if (findProgram('apt-get') === undefined) return { reason: `${without}, and no apt-get to install it` }
  if (process.getuid?.() !== 0)
    return { reason: `${without} (apt-get install bazel-bootstrap g++; not root, not tried)` }
  const failure = installOnce()
  if (failure !== undefined) return { reason: `${without}, and it cannot be installed: ${failure}` }
  if (missing().length > 0)
    return { reason: `${missing().join(' and ')} not found after installing bazel-bootstrap and g++` }
  return { program: findProgram('bazel-4') as string }
}

/** A copy of examples/bazel-cpp in a temporary directory, and a Bazel that builds it and keeps everything in there. */
export class BazelWorkspace {
  readonly root = realpathSync(mkdtempSync(join(tmpdir(), 'gorego-bazel-')))
  readonly dir = join(this.root, 'workspace')
  readonly #home = join(this.root, 'home')
  readonly #temp = join(this.root, 'tmp')
  readonly #outputUserRoot = join(this.root, 'output')
  readonly #running = new Set<ChildProcess>()
  readonly #forget: () => void
  #closed = false

  constructor(
    readonly program: string,
    readonly remoteExecutor: string,
    readonly startupOptions: readonly string[] = [],
  ) {
    // On the way out nothing can wait for an orderly shutdown.
    this.#forget = onExit(() => this.#killAndDelete())
    mkdirSync(this.#home)
    mkdirSync(this.#temp)
    // Not what a build by hand has left in the example: bazel-bin and its like, and the address of another server.
    cpSync(EXAMPLE, this.dir, {
      recursive: true,
      filter: (source) => !/^bazel-(?!cpp$)|^user\.bazelrc$/.test(basename(source)),
    })
  }

  /** `bazel build`, `test` or `run`, with everything executed on the server. */
  build(command: 'build' | 'test' | 'run', ...args: string[]): Promise<BazelResult> {
    return this.run(
      command,
      '--config=remote',
      `--remote_executor=${this.remoteExecutor}`,
      '--color=no',
      '--curses=no',
      ...args,
    )
  }

  /** Any command, as it is. Resolves whatever its exit code is. */
  async run(command: string, ...args: string[]): Promise<BazelResult> {
    const child = spawn(this.program, [...this.#startupOptions(), command, ...args], {
      cwd: this.dir,
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#running.add(child)
    let stdout = ''
    let console = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      console += text
    })
    const closed = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    try {
      const exitCode = await within(COMMAND_WITHIN_MS, closed)
      return { exitCode, stdout, console, processes: parseProcesses(console) }
    } catch (error) {
      throw new Error(`bazel ${command} ${args.join(' ')}: ${(error as Error).message}\n${console}`, { cause: error })
    } finally {
      child.kill('SIGKILL')
      this.#running.delete(child)
    }
  }

  /** Stops Bazel's server and deletes everything. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    try {
      // Besides stopping the server it deletes outputs, some of them in directories that only Bazel may change.
      await this.run('clean', '--expunge')
      await this.run('shutdown')
    } finally {
      this.#killAndDelete()
      this.#forget()
    }
  }

  /** The process ids of the Bazel servers of this workspace that are alive. */
  serverPids(): number[] {
    if (!existsSync(this.#outputUserRoot)) return []
    return readdirSync(this.#outputUserRoot)
      .map((name) => join(this.#outputUserRoot, name, 'server', 'server.pid.txt'))
      .filter((file) => existsSync(file))
      .map((file) => Number(readFileSync(file, 'utf8')))
      .filter(isAlive)
  }

  #startupOptions(): string[] {
    const options = [
      '--nosystem_rc',
      '--nohome_rc',
      `--output_user_root=${this.#outputUserRoot}`,
      // For the case that this process is killed and nobody stops the server.
      '--max_idle_secs=300',
      // Otherwise Java writes to /tmp, whatever TMPDIR says.
      `--host_jvm_args=-Djava.io.tmpdir=${this.#temp}`,
      '--host_jvm_args=-XX:-UsePerfData',
      ...this.startupOptions,
    ]
    const debian = this.program.startsWith('/usr/bin/') && existsSync(join(DEBIAN_INSTALL_BASE, 'install_base_key'))
    return debian ? [...options, `--install_base=${DEBIAN_INSTALL_BASE}`, '--trust_install_base'] : options
  }

  /** Next to nothing of the developer's environment, so that actions have the same keys everywhere. */
  #environment(): NodeJS.ProcessEnv {
    const { PATH, JAVA_HOME, GOREGO_TEST_RUN } = process.env
    const env = { HOME: this.#home, TMPDIR: this.#temp, USER: 'gorego-test', LANG: 'C.UTF-8' }
    // The last one is how the test runner recognises the processes of a test.
    return { ...env, PATH, ...(JAVA_HOME && { JAVA_HOME }), ...(GOREGO_TEST_RUN && { GOREGO_TEST_RUN }) }
  }

  #killAndDelete(): void {
    for (const child of this.#running) child.kill('SIGKILL')
    for (const pid of this.serverPids()) process.kill(pid, 'SIGKILL')
    spawnSync('chmod', ['-R', 'u+w', this.root])
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Reads the last process summary of a console; a build that had nothing to do prints none of the numbers. */
export function parseProcesses(console: string): ProcessSummary {
  const summary: ProcessSummary = { remote: 0, remoteCacheHit: 0, internal: 0, elsewhere: {} }
  const line = [...console.matchAll(/^INFO: \d+ process(?:es)?(?:: (.*?))?\.$/gm)].at(-1)
  for (const part of line?.[1]?.split(', ') ?? []) {
    const [, count, kind] = /^(\d+) (.+)$/.exec(part) ?? []
    if (count === undefined || kind === undefined) throw new Error(`not understood in Bazel's process summary: ${part}`)
    if (kind === 'remote') summary.remote = Number(count)
    else if (kind === 'remote cache hit') summary.remoteCacheHit = Number(count)
    else if (kind === 'internal') summary.internal = Number(count)
    else if (kind !== 'action cache hit') summary.elsewhere[kind] = Number(count)
  }
  return summary
}

let installed: { failure: string | undefined } | undefined

function installOnce(): string | undefined {
  installed ??= { failure: install() }
  return installed.failure
}

function install(): string | undefined {
  console.log('bazel: installing bazel-bootstrap and g++ with apt-get')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const commands = [['update'], ['install', '-y', '--no-install-recommends', 'bazel-bootstrap', 'g++']]
  for (const args of commands) {
    const { status, error, stderr } = spawnSync('apt-get', args, {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: INSTALL_WITHIN_MS,
    })
    if (error !== undefined) return `apt-get ${args[0]}: ${error.message}`
    if (status !== 0) return `apt-get ${args[0]} ended with ${status}: ${stderr.trim().split('\n').at(-1)}`
  }
  return undefined
}

function findProgram(name: string): string | undefined {
  const candidates = isAbsolute(name) ? [name] : (process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, name))
  return candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
