import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onExit } from '@gorego/bench/clean-up'
import { killTree } from '@gorego/bench/kill-tree'
import { HANG_BOUND_MS } from '@gorego/core/testing'

const READY = /^gorego ready on (grpcs?:\/\/\S+:(\d+))\b.*\n/m

export interface GoregoOptions {
  /** Where the server keeps its data. Default: a temporary directory, deleted when the server is gone. */
  dir?: string
  /** Default: a free port of the loopback interface. */
  listen?: string
  /** Where its actions run. Default: below `dir`. */
  buildRoot?: string
  /** Its working directory, which its runners have from it. Default: that of this process. */
  cwd?: string
  /** Added to this process's environment. */
  env?: NodeJS.ProcessEnv
}

export interface GoregoProcess {
  /** What a client is given, such as `grpc://127.0.0.1:41234`. */
  readonly address: string
  readonly port: number
  readonly dir: string
  readonly pid: number
  /** What the server has printed so far. */
  readonly stdout: string
  readonly stderr: string
  /** SIGTERM; fails unless the server then leaves with exit code 0. */
  stop(): Promise<void>
  /** SIGKILL, as a crash would. Does nothing when the server is gone already. */
  kill(): Promise<void>
}

/**
 * Starts the gorego CLI as a user would, on a free port of the loopback interface, and waits until it says that it is
 * ready. GOREGO_CLI names another program to start: a JavaScript file, or anything that can be executed.
 */
export async function startGorego(args: string[] = [], options: GoregoOptions = {}): Promise<GoregoProcess> {
  const [program, ...before] = goregoCommand()
  const ownDir = options.dir === undefined
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'gorego-e2e-'))
  const { cwd, buildRoot, listen = '127.0.0.1:0' } = options
  const argv = [...before, 'start', '--listen', listen, ...(buildRoot === undefined ? ['--dir', dir] : []), ...args]
  // --dir would also put the build root below it.
  const places = buildRoot === undefined ? {} : { GOREGO_LOCAL_CACHE_DIR: dir, GOREGO_EXECUTION_BUILD_ROOT: buildRoot }
  const child = spawn(program, argv, {
    ...(cwd === undefined ? {} : { cwd }),
    // Tests look from outside at what actions do; those of the sandbox ask for it.
    env: { GOREGO_EXECUTION_SANDBOX: 'none', ...process.env, ...places, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })

  const printed = collectOutput(child)
  const gone = whenGone(child)
  const forget = onExit(() => {
    // Its runners would go on for a moment, and write.
    killTree(child.pid as number)
    child.kill('SIGKILL')
    if (ownDir) rmSync(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  })
  const describe = (what: string) =>
    new Error(
      `${what}\n  command: ${[program, ...argv].join(' ')}\n  stdout: ${printed.stdout}\n  stderr: ${printed.stderr}`,
    )
  const cleanUp = () => {
    forget()
    if (ownDir) rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  const kill = async () => {
    child.kill('SIGKILL')
    await gone.catch(() => {})
    cleanUp()
  }

  let ready: RegExpExecArray
  try {
    ready = await within(HANG_BOUND_MS, Promise.race([waitForReady(child, printed), gone.then(failedToStart)]))
  } catch (error) {
    await kill()
    throw describe(`gorego did not start: ${(error as Error).message}`)
  }

  return {
    address: ready[1] as string,
    port: Number(ready[2]),
    dir,
    pid: child.pid as number,
    get stdout() {
      return printed.stdout
    },
    get stderr() {
      return printed.stderr
    },
    kill,
    async stop() {
      child.kill('SIGTERM')
      let how: string
      try {
        how = await within(HANG_BOUND_MS, gone)
      } catch (error) {
        await kill()
        throw describe(`gorego did not stop after SIGTERM: ${(error as Error).message}`)
      }
      cleanUp()
      if (how !== 'exit code 0') throw describe(`gorego left with ${how} after SIGTERM, not with exit code 0`)
    },
  }
}

/** Rejects when `promise` takes longer than `ms`. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing happened for ${ms / 1000} s`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

function goregoCommand(): [string, ...string[]] {
  const program = process.env.GOREGO_CLI ?? fileURLToPath(new URL('../../packages/cli/bin/gorego.js', import.meta.url))
  if (!existsSync(program)) {
    throw new Error(`there is no ${program}: build gorego first (pnpm build), or set GOREGO_CLI to a program`)
  }
  return /\.[cm]?js$/.test(program) ? [process.execPath, program] : [program]
}

function collectOutput(child: ChildProcess): { stdout: string; stderr: string } {
  const printed = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      printed[name] += text
    })
  }
  return printed
}

/** Resolves to how the process ended, after all that it printed was read. */
function whenGone(child: ChildProcess): Promise<string> {
  const gone = new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(signal === null ? `exit code ${code}` : signal))
  })
  gone.catch(() => {})
  return gone
}

function waitForReady(child: ChildProcess, printed: { stdout: string }): Promise<RegExpExecArray> {
  return new Promise((resolve) => {
    // Registered after collectOutput's listener, so the text that just came is there.
    child.stdout?.on('data', () => {
      const ready = READY.exec(printed.stdout)
      if (ready !== null) resolve(ready)
    })
  })
}

function failedToStart(how: string): never {
  throw new Error(`it ended with ${how}`)
}
