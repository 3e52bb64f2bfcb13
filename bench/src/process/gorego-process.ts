import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onExit } from './clean-up.js'
import { killTree } from './kill-tree.js'

const READY = /^gorego ready on (\S+)$/m
const START_LIMIT_SECONDS = 30
const STOP_LIMIT_MS = 20_000
const LAST_WORDS = 4096

export interface GoregoProcess {
  readonly address: string
  readonly pid: number
  stop(): Promise<void>
}

export interface StartOptions {
  /** Of `gorego start`. */
  readonly flags?: readonly string[]
  readonly nodeFlags?: readonly string[]
  /** How long it may take until it serves. */
  readonly limitSeconds?: number
}

/** Starts the server as a user would, on a free port and with everything that it keeps below `directory`. */
export async function startGorego(directory: string, options: StartOptions = {}): Promise<GoregoProcess> {
  mkdirSync(directory, { recursive: true })
  const program = fileURLToPath(new URL('../../../packages/cli/bin/gorego.js', import.meta.url))
  const { flags = [], nodeFlags = [], limitSeconds = START_LIMIT_SECONDS } = options
  const args = [...nodeFlags, program, 'start', '--listen', '127.0.0.1:0', '--dir', join(directory, 'data'), ...flags]
  const { GOREGO_EXECUTION_SANDBOX = 'none' } = process.env
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GOREGO_')))
  // Other servers have none, unless that is what is measured.
  const env = { ...inherited, GOREGO_EXECUTION_SANDBOX }
  // detached: the terminal's Ctrl-C is ours to handle, not the server's.
  const child = spawn(process.execPath, args, {
    cwd: directory,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const pid = child.pid
  if (pid === undefined) throw new Error(`${process.execPath} could not be started`)
  const forget = onExit(() => killTree(pid))
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  try {
    const address = await readyAddress(child, limitSeconds)
    return {
      address,
      pid,
      async stop() {
        child.kill('SIGTERM')
        const late = setTimeout(() => killTree(pid), STOP_LIMIT_MS)
        await gone
        clearTimeout(late)
        forget()
      },
    }
  } catch (error) {
    killTree(pid)
    forget()
    throw error
  }
}

function readyAddress(child: ChildProcess, limitSeconds: number): Promise<string> {
  let printed = ''
  let complained = ''
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the server ${why}\n${complained}`.trimEnd()))
    const timer = setTimeout(() => fail(`was not ready after ${limitSeconds} s`), limitSeconds * 1000)
    child.once('close', (code, signal) => fail(`ended (${signal ?? `exit code ${code}`}) before it was ready`))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complained = (complained + text).slice(-LAST_WORDS)
    })
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text
      const address = READY.exec(printed)?.[1]
      if (address === undefined) return
      clearTimeout(timer)
      resolve(address)
    })
    child.once('close', () => clearTimeout(timer))
  })
}
