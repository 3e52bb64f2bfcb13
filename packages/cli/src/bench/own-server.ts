import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GoregoError } from '@gorego/core'
import type { Host } from '../host.js'

/** A server of its own, in a process of its own, that goes with everything that it kept. */
export interface OwnServer extends AsyncDisposable {
  readonly address: string
}

/** For a server that is left alone, because this process was killed. */
const IDLE_TIMEOUT_S = 60

/** How long it may take to end, in milliseconds, before it is killed. */
const END_BOUND_MS = 10_000

const READY = /^gorego ready on (\S+)$/m

/** Of what it said on standard error before it ended. */
const LAST_WORDS = 4096

/** `gorego start` with the default settings, whatever variables say, on a free port and in a temporary directory. */
export async function startOwnServer({ program, surroundings }: Host, signal: AbortSignal): Promise<OwnServer> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'gorego-bench-server-')))
  const remove = () => rmSync(directory, { recursive: true, force: true })
  const [file = '', ...args] = program
  const flags = ['--listen', '127.0.0.1:0', '--dir', join(directory, 'cache'), '--idle-timeout', `${IDLE_TIMEOUT_S}`]
  const child = spawn(file, [...args, 'start', ...flags, '--log-level', 'warn'], {
    cwd: directory,
    env: withoutSettings(surroundings.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = async () => {
    await ended(child)
    remove()
  }
  try {
    return { address: await ready(child, signal), [Symbol.asyncDispose]: end }
  } catch (error) {
    await end()
    throw error
  }
}

async function ready(child: ChildProcess, signal: AbortSignal): Promise<string> {
  let [said, complained] = ['', '']
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complained = (complained + text).slice(-LAST_WORDS)
  })
  return await new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    child.once('error', reject)
    child.once('close', (code) => {
      const why = complained.trim() || `exit code ${code}`
      reject(new GoregoError('failed-precondition', `a server for it could not be started: ${why}`))
    })
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text
      const [, address] = READY.exec(said) ?? []
      if (address !== undefined) resolve(address)
    })
  })
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
