// One test file in a process, a process group and a temporary directory of its own.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endProcesses, kill, marker, removeDirectory } from './leftovers.mjs'
import { parseSummary } from './uvu-summary.mjs'
import { verdict } from './verdict.mjs'
import { root, scratch } from './workspace.mjs'

const nodeArguments = ['--conditions=gorego-source', '--import', 'tsx']

// In milliseconds: how long a file may take in all, how long it may stay around once its tests are over (something keeps
// it alive then), and how long processes that it told to end may take for that.
// They only end what would hang: nothing takes so long, on however slow a machine.
const defaultLimits = { total: 20 * 60_000, afterSummary: 120_000, grace: 30_000 }

// tsx keeps what it has transpiled in TMPDIR. A link there lets all test files share one such cache.
const tsxCache = `tsx-${process.geteuid?.() ?? 'user'}`

const running = new Map()
let count = 0

/** Runs a test file and resolves to its verdict, with `name`, `output` and `seconds`. */
export async function runTestFile(name, { base = root, limits: changed } = {}) {
  const limits = { ...defaultLimits, ...changed }
  const run = `${process.pid}-${++count}`
  const directory = makeDirectory()
  const started = performance.now()
  const { FORCE_COLOR, ...inherited } = process.env
  const env = { ...inherited, TMPDIR: directory, [marker]: run, NO_COLOR: '1' }
  const options = { cwd: root, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] }
  const child = spawn(process.execPath, [...nodeArguments, join(base, name)], options)
  running.set(child.pid, directory)
  const ended = await watch(child, limits)
  const processes = await endProcesses({ group: child.pid, run, directory, grace: limits.grace })
  const files = removeDirectory(directory, { besides: [tsxCache] })
  running.delete(child.pid)
  const seconds = (performance.now() - started) / 1000
  const output = ended.output()
  return { name, seconds, output, ...verdict({ ...ended, output, files, processes }) }
}

/** For a runner that is told to stop: ends what runs and removes what it has on disk. */
export function abandonAll() {
  for (const [group, directory] of running) {
    kill(-group)
    removeDirectory(directory)
  }
}

function makeDirectory() {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'gorego-test-')))
  const cache = join(scratch, 'tsx')
  mkdirSync(cache, { recursive: true })
  symlinkSync(cache, join(directory, tsxCache))
  return directory
}

async function watch(child, limits) {
  const chunks = []
  const output = () => Buffer.concat(chunks).toString()
  let stopped
  const stop = (reason) => {
    stopped ??= reason
    kill(-child.pid)
  }
  const total = setTimeout(() => stop(`was stopped after ${limits.total / 1000} s`), limits.total)
  let lingering
  const collect = (chunk) => {
    chunks.push(chunk)
    if (lingering || !parseSummary(chunk.toString()).ran) return
    const reason = `did not end within ${limits.afterSummary / 1000} s after its tests: something keeps the process alive`
    lingering = setTimeout(() => stop(reason), limits.afterSummary)
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const closed = new Promise((resolve) => child.once('close', resolve))
  const [code, signal] = await new Promise((resolve) => child.once('exit', (...how) => resolve(how)))
  clearTimeout(total)
  clearTimeout(lingering)
  // A left-over process may hold our pipes open for ever.
  await Promise.race([closed, sleep(500, undefined, { ref: false })])
  // What came while we had no turn is read before.
  await new Promise((resolve) => setImmediate(resolve))
  child.stdout.destroy()
  child.stderr.destroy()
  return { code, signal, stopped, output }
}
