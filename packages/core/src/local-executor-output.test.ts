// What a command prints, as it comes. Commands wait for what listeners do: one that heard nothing until the end would wait in vain.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RunOptions, StreamName } from './embed/run-options.js'
import { ExecutionError } from './embed/run-result.js'
import { LocalExecutor } from './local-executor.js'
import { enoughTime } from './testing/enough-time.js'
import { executorFor } from './testing/executor-for.js'
import { HANG_BOUND_MS } from './testing/hang-bound.js'
import { isRunning } from './testing/is-running.js'
import { until } from './testing/until.js'
import { deferred } from './worker/deferred.js'

const LIMIT = 3_000_000
const { executor, path } = await executorFor(test, { policy: { maxPrintedBytes: LIMIT } })

const sh = (script: string, options: Partial<RunOptions> = {}) =>
  executor.run({
    argv: ['/bin/sh', '-c', script],
    env: { PATH: '/usr/bin:/bin' },
    timeoutMs: HANG_BOUND_MS,
    ...options,
  })

/** Waits for a file that a listener makes. */
const waitFor = (name: string) => `until [ -e ${path(name)} ]; do sleep 0.01; done`
const open = (name: string) => writeFileSync(path(name), '')

/** Gathers what it is handed. */
class Heard {
  readonly #chunks: Record<StreamName, Uint8Array[]> = { stdout: [], stderr: [] }
  readonly onOutput = (chunk: Uint8Array, stream: StreamName): void => {
    this.#chunks[stream].push(Uint8Array.from(chunk))
    this.onChange?.()
  }

  constructor(readonly onChange?: () => void) {}

  get stdout(): string {
    return Buffer.concat(this.#chunks.stdout).toString()
  }

  get stderr(): string {
    return Buffer.concat(this.#chunks.stderr).toString()
  }
}

test('output comes while the command runs, from both streams', async () => {
  const heard = new Heard(() => {
    if (heard.stdout === 'one\n') open('one')
    if (heard.stderr === 'two\n') open('two')
  })
  const result = await sh(`echo one; ${waitFor('one')}; echo two >&2; ${waitFor('two')}; echo three`, heard)
  assert.equal([heard.stdout, heard.stderr], ['one\nthree\n', 'two\n'])
  assert.equal([result.stdout, result.stderr], [heard.stdout, heard.stderr])
})

test('a result from the cache is told, too, and nothing comes where nothing was printed', async () => {
  for (const cached of [false, true]) {
    const heard = new Heard()
    const result = await sh('echo out; echo err >&2', heard)
    assert.equal([result.cached, heard.stdout, heard.stderr], [cached, 'out\n', 'err\n'])
  }
  await sh('true', { onOutput: () => assert.unreachable() })
})

test('a lot of it comes whole, in order and once, however slow the listener is', async () => {
  const chunks: Uint8Array[] = []
  let busy = 0
  const script = 'i=0; while [ $i -lt 2000 ]; do printf "%0500d\\n" $i; i=$((i+1)); done'
  const result = await sh(script, {
    onOutput: async (chunk) => {
      assert.is(++busy, 1, 'one at a time')
      chunks.push(Uint8Array.from(chunk))
      await new Promise(setImmediate)
      busy--
    },
  })
  const heard = Buffer.concat(chunks).toString()
  assert.is(heard.length, 2000 * 501)
  assert.ok(heard === result.stdout)
})

test('who holds up what it is handed holds up neither the command nor the slot', async () => {
  await using own = await LocalExecutor.open({ root: path('single'), concurrency: 1 })
  const argv = ['/bin/sh', '-c', `echo first; ${waitFor('first')}; echo second`]
  const gate = deferred<void>()
  const chunks: string[] = []
  const slow = own.run({
    argv,
    env: { PATH: '/usr/bin:/bin' },
    timeoutMs: HANG_BOUND_MS,
    onOutput: async (chunk) => {
      chunks.push(Buffer.from(chunk).toString())
      open('first')
      await gate.promise
    },
  })
  await until('the first chunk', () => chunks.length === 1)
  assert.is((await own.run({ argv: ['/bin/echo', 'other'] })).stdout, 'other\n')
  assert.equal(chunks, ['first\n'])
  gate.resolve()
  await slow
  assert.is(chunks.join(''), 'first\nsecond\n')
})

test('equal actions at one time: who comes later hears it from the beginning, and nobody twice', async () => {
  const script = `echo begin; ${waitFor('begin')}; echo middle; ${waitFor('both')}; echo end`
  const first = new Heard(() => open('begin'))
  const running = sh(script, first)
  await until('the first word', () => first.stdout.startsWith('begin\n'))
  const second: Heard = new Heard(() => {
    if (second.stdout === 'begin\nmiddle\n') open('both')
  })
  // Joins: the action would wait for another run of it for ever.
  await Promise.all([running, sh(script, second), sh(script)])
  assert.equal([first.stdout, second.stdout], ['begin\nmiddle\nend\n', 'begin\nmiddle\nend\n'])
})

test('what a listener throws ends the command and comes out of run', async () => {
  const own = new Error('of the listener')
  const listeners: NonNullable<RunOptions['onOutput']>[] = [
    () => {
      throw own
    },
    async () => {
      throw own
    },
  ]
  for (const [n, onOutput] of listeners.entries()) {
    const pid = path(`pid-${n}`)
    const thrown = await sh(`echo $$ > ${pid}; echo go; exec sleep 600`, { onOutput }).catch((error) => error)
    assert.is(thrown, own)
    assert.ok(existsSync(pid))
    await until('the end of the command', () => !isRunning(Number(readFileSync(pid, 'utf8'))))
    assert.is(await sh('echo at the end', { refresh: true, onOutput }).catch((error) => error), own)
  }
})

test('of a flood it hears what is kept, and no more', async () => {
  const heard = new Heard()
  const error = await sh('cat /dev/zero', heard).catch((thrown) => thrown)
  assert.instance(error, ExecutionError)
  assert.is(heard.stdout.length, LIMIT)
})

test('before a time-out it hears all that there was', async () => {
  const attempt = async (timeoutMs: number) => {
    const heard = new Heard()
    const error = await sh('echo before; echo err >&2; exec sleep 600', { timeoutMs, ...heard }).catch((e) => e)
    assert.is(error.code, 'deadline-exceeded')
    // All that there was, told in the error as well.
    assert.equal([heard.stdout, heard.stderr], [error.result?.stdout, error.result?.stderr])
    return heard
  }
  const heard = await enoughTime(200, attempt, ({ stderr }) => stderr !== '')
  assert.equal([heard.stdout, heard.stderr], ['before\n', 'err\n'])
})

test('a graph says which node it is', async () => {
  const heard: string[] = []
  const own: string[] = []
  const graph = executor.graph({
    onOutput: (chunk, stream, node) => void heard.push(`${node} ${stream} ${Buffer.from(chunk)}`),
  })
  graph.add('a', { argv: ['/bin/echo', 'of a'], onOutput: (chunk) => void own.push(String(Buffer.from(chunk))) })
  graph.add('b', { argv: ['/bin/sh', '-c', 'echo of b >&2'] })
  await graph.run()
  assert.equal([heard.sort(), own], [['a stdout of a\n', 'b stderr of b\n'], ['of a\n']])
})

test('what its listener throws ends a graph', async () => {
  const own = new Error('of the listener')
  const graph = executor.graph({
    keepGoing: true,
    onOutput: () => {
      throw own
    },
  })
  graph.add('a', { argv: ['/bin/sh', '-c', 'echo go; exec sleep 600'] })
  assert.is(await graph.run().catch((error) => error), own)
})

test.run()
