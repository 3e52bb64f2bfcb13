import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ErrorCode, GoregoError } from '@gorego/core'
import type { Host } from '../host.js'
import type { Interruption } from '../ui/interruption.js'

/** A server of its own, in a process of its own, that goes with everything that it kept. */
export interface OwnServer extends AsyncDisposable {
  readonly address: string
}

/** For a server that is left alone, because this process was killed. */
const IDLE_TIMEOUT_S = 60

/** How long it may take to begin, in milliseconds. */
const READY_BOUND_MS = 60_000

/** How long it may take to end, in milliseconds, before it is killed. */
const END_BOUND_MS = 10_000

/** A process that was killed can still add a file while its directory is removed: so often, in milliseconds, that is tried again. */
const REMOVAL = { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }

const READY = /^gorego ready on (\S+)$/m

/** Of what it said on standard error before it ended. */
const LAST_WORDS = 4096

/** Who starts it, and who may want to leave at once. */
export interface OwnServerOptions {
  readonly host: Pick<Host, 'program' | 'surroundings'>
  readonly interruption: Interruption
  /** In milliseconds. Default: a minute. */
  readonly readyBoundMs?: number
}

/** `gorego start` with the default settings, whatever variables say, on a free port and in a temporary directory. */
export async function startOwnServer(options: OwnServerOptions): Promise<OwnServer> {
  const { host, interruption, readyBoundMs = READY_BOUND_MS } = options
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'gorego-bench-server-')))
  const [file = '', ...args] = host.program
  const flags = ['--listen', '127.0.0.1:0', '--dir', join(directory, 'cache'), '--idle-timeout', `${IDLE_TIMEOUT_S}`]
  const child = spawn(file, [...args, 'start', ...flags, '--log-level', 'warn'], {
    cwd: directory,
    env: withoutSettings(host.surroundings.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const wish = interruption.beforeLeaving(() => {
    child.kill('SIGKILL')
    try {
      rmSync(directory, REMOVAL)
    } catch {
      // Who leaves at once does not wait for more.
    }
  })
  const end = async () => {
    await ended(child)
    rmSync(directory, REMOVAL)
    wish[Symbol.dispose]()
  }
  try {
    return { address: await ready(child, readyBoundMs, interruption.signal), [Symbol.asyncDispose]: end }
  } catch (error) {
    await end()
    throw error
  }
}

async function ready(child: ChildProcess, boundMs: number, signal: AbortSignal): Promise<string> {
  let [said, complained] = ['', '']
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complained = (complained + text).slice(-LAST_WORDS)
  })
  let [late, onAbort]: [NodeJS.Timeout | undefined, () => void] = [undefined, () => {}]
  try {
    return await new Promise<string>((resolve, reject) => {
      const fail = (code: ErrorCode, what: string, why = complained.trim()) =>
        reject(new GoregoError(code, `a server for it ${what}${why && `: ${why}`}`))
      late = setTimeout(() => fail('deadline-exceeded', `was not ready within ${boundMs / 1000} s`), boundMs)
      onAbort = () => reject(signal.reason)
      if (signal.aborted) onAbort()
      signal.addEventListener('abort', onAbort)
      child.once('error', reject)
      child.once('close', (code) =>
        fail('failed-precondition', 'could not be started', complained.trim() || `exit code ${code}`),
      )
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        said += text
        const [, address] = READY.exec(said) ?? []
        if (address !== undefined) resolve(address)
      })
    })
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', onAbort)
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const killer = setTimeout(() => child.kill('SIGKILL'), END_BOUND_MS)
  await exited
  clearTimeout(killer)
}

function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    // The second is how the test runner finds processes that a test has left.
    Object.entries(env).filter(([name]) => !name.startsWith('GOREGO_') || name === 'GOREGO_TEST_RUN'),
  )
}
