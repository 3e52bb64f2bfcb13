// A small load test. What it measures is no matter of tests; that it measures what it says, and leaves nothing, is.
import { EventEmitter } from 'node:events'
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { GoregoError } from '@gorego/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { measure } from '../src/bench/measure.js'
import { startOwnServer } from '../src/bench/own-server.js'
import { Interruption } from '../src/ui/interruption.js'
import { Machine } from './cli-process.js'
import { runHere } from './run-here.js'

const NAMES = ['echo hello, run', 'echo hello, cached', '1 KiB, stored', '8 MiB, stored', '1 KiB, read', '8 MiB, read']

const never = new AbortController().signal

const leftDirectories = () => readdirSync(tmpdir()).filter((name) => name.startsWith('gorego-bench-server-'))

test('as many calls are under way as there are clients, up to a number', async () => {
  let [under, most] = [0, 0]
  const call = async () => {
    most = Math.max(most, ++under)
    await new Promise(setImmediate)
    under--
  }
  const measured = await measure({ clients: 3, seconds: 60, most: 10, call }, never)
  assert.equal([measured.calls, most, under], [10, 3, 0])
  assert.ok(measured.p50Ms <= measured.p95Ms && measured.p95Ms <= measured.maxMs)
})

test('a call that fails ends it, with its own error and not with those of calls that were cut off', async () => {
  const call = async (n: number, signal: AbortSignal) => {
    if (n === 2) throw new Error('no more')
    await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  const failed = await measure({ clients: 3, seconds: 60, most: 10, call }, never).catch((error) => error)
  assert.is(failed.message, 'no more')
})

test('a server is started, measured and gone', async () => {
  await using machine = new Machine()
  const { code, stdout, stderr } = await runHere(machine, ['bench', '--seconds', '1', '--clients', '2'])
  assert.equal([code, stderr], [0, ''])
  const lines = stdout.split('\n')
  assert.match(lines[0] ?? '', /^WHAT +CALLS +PER SECOND +HALF WITHIN +95 % WITHIN +ALL WITHIN +MB\/S$/)
  for (const [at, name] of NAMES.entries()) assert.match(lines[at + 1] ?? '', new RegExp(`^${name} +[1-9]`))
  assert.match(stdout, /\n2 calls at a time over one connection; server and clients share \d+ cores\n$/)
  assert.equal(leftDirectories(), [])
})

test('a server that is named is used, and one that only caches is measured as that', async () => {
  await using machine = new Machine()
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'server'], {
    GOREGO_EXECUTION_ENABLED: 'false',
  })
  const remote = await server.ready()
  const { code, stdout, stderr } = await runHere(machine, ['bench', '--seconds', '1', '--remote', remote])
  assert.is(code, 0, stderr)
  assert.not.match(stdout, 'echo')
  assert.match(stdout, `\n8 calls at a time over one connection to ${remote}; clients have`)
  assert.match(stdout, 'the server executes nothing: only its cache was measured\n')
  const wrong = await runHere(machine, ['bench', '--clients', 'many'])
  assert.equal(
    [wrong.code, wrong.stderr.split('\n')[0]],
    [64, 'gorego: --clients: got "many", want a whole number above 0'],
  )
})

test('Ctrl-C ends it, and its server, and removes the directory', async () => {
  await using machine = new Machine()
  const running = machine.startInTerminal(['bench', '--seconds', '100'])
  await running.printed('stdout', /gorego: 1 of 6: echo hello, run, 100 s/)
  assert.is(leftDirectories().length, 1)
  running.tellTerminal('SIGINT')
  const { code, stdout } = await running.finished
  assert.is(code, 130)
  assert.match(stdout, 'gorego: interrupted')
  assert.equal(leftDirectories(), [])
})

/** Instead of gorego: what a process does that is started as a server. */
const hostWith = (script: string) => {
  const left: number[] = []
  const signals = new EventEmitter()
  const exit = (code: number): never => {
    left.push(code)
    throw new Error('it has left')
  }
  const surroundings = { env: process.env, cwd: '/', home: '/', platform: process.platform }
  return { program: [process.execPath, '-e', script], surroundings, signals, exit, left }
}

test('a second Ctrl-C does not wait for a server that goes on, and leaves neither it nor its directory', async () => {
  const host = hostWith(
    "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('gorego ready on x')",
  )
  let now = 0
  using interruption = new Interruption(host, () => now)
  const own = await startOwnServer({ host, interruption })
  assert.is(own.address, 'x')
  host.signals.emit('SIGINT', 'SIGINT')
  assert.ok(interruption.signal.aborted)
  const ending = own[Symbol.asyncDispose]()
  assert.is(leftDirectories().length, 1)
  now += 1000
  assert.throws(() => host.signals.emit('SIGINT', 'SIGINT'), 'it has left')
  assert.equal([host.left, leftDirectories()], [[130], []])
  await ending
})

test('a server that does not get ready is given up, with what it said, and is gone', async () => {
  const host = hostWith("console.error('no room'); setInterval(() => {}, 1000)")
  using interruption = new Interruption(host)
  const error = await startOwnServer({ host, interruption, readyBoundMs: 1000 }).catch((thrown) => thrown)
  assert.instance(error, GoregoError, String(error))
  assert.is(error.code, 'deadline-exceeded')
  assert.match(error.message, /^a server for it was not ready within 1 s/)
  assert.equal(leftDirectories(), [])
})

test.run()
