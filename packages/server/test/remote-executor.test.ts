import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findMissing, Gate } from '@gorego/conformance/client'
import { content, digestFunctions, ExecutionError, GoregoError, glob, type StreamName } from '@gorego/core'
import { enoughTime, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RemoteExecutor, RemoteServer } from '../src/index.js'
import { ServerRig } from './server-rig.js'

const gates = temporaryDirectory()
let rig: ServerRig
let executor: RemoteExecutor
test.before(async () => {
  rig = await ServerRig.start()
  executor = await RemoteExecutor.connect(`grpc://${rig.server.address}`, { instance: 'remote' })
})
test.after(async () => {
  await executor.close()
  await rig.stop()
  gates[Symbol.dispose]()
})

const env = { PATH: '/usr/bin:/bin' }
const shell = (script: string) => ({ argv: ['/bin/sh', '-c', script], env })

async function failureOf(run: Promise<unknown>): Promise<GoregoError> {
  const error = await run.then(
    () => undefined,
    (reason) => reason,
  )
  assert.ok(error instanceof GoregoError, String(error))
  return error
}

test('runs an action with its inputs, and reads what it made', async () => {
  const stages: string[] = []
  const spec = { ...shell('cat in > out; echo said; exit 2'), inputs: { in: content('sent') }, outputs: ['out'] }
  const result = await executor.run({ ...spec, onProgress: ({ stage }) => void stages.push(stage) })
  assert.is(result.exitCode, 2)
  assert.is(Buffer.from(result.stdout).toString(), 'said\n')
  assert.is(stages[0], 'preparing')
  assert.is(stages.at(-1), 'completed')
  using directory = temporaryDirectory()
  await result.materialize(directory.path)
  assert.is(readFileSync(join(directory.path, 'out'), 'utf8'), 'sent')
})

test('what a command prints is handed over whole before run resolves, cached or not, and after a time-out', async () => {
  const script = 'head -c 200000 /dev/zero | tr "\\0" a; echo err >&2'
  for (const cached of [false, true]) {
    const heard = { stdout: '', stderr: '' }
    const onOutput = (chunk: Uint8Array, stream: StreamName) => {
      heard[stream] += Buffer.from(chunk)
    }
    assert.is((await executor.run({ ...shell(script), onOutput })).cached, cached)
    assert.equal([heard.stdout.length, heard.stderr], [200_000, 'err\n'])
  }
  const attempt = async (timeoutMs: number) => {
    let before = ''
    const onOutput = (chunk: Uint8Array) => {
      before += Buffer.from(chunk)
    }
    const spec = { ...shell('echo before; exec sleep 600'), timeoutMs, onOutput }
    assert.is((await failureOf(executor.run(spec))).code, 'deadline-exceeded')
    return before
  }
  assert.is(await enoughTime(200, attempt, (before) => before !== ''), 'before\n')
})

test('globs are found here and sent', async () => {
  using directory = temporaryDirectory()
  for (const name of ['a.txt', 'b.txt', 'c.md']) writeFileSync(join(directory.path, name), name)
  const inputs = { '.': glob(['*', '!*.md'], { from: directory.path }) }
  assert.is((await executor.run({ ...shell('ls'), inputs })).stdout, 'a.txt\nb.txt\n')
})

test('a name is the target that the server knows the action by', async () => {
  const server = await RemoteServer.connect(`grpc://${rig.server.address}`, { instance: 'remote' })
  const name = `named ${'ä'.repeat(20_000)}`
  for (const text of ['one', 'two']) await executor.run({ ...shell('cat in'), name, inputs: { in: content(text) } })
  const { target, comparison } = await server.explain({ target: name.slice(0, 300) })
  assert.is(target, name.slice(0, 300))
  assert.equal(
    comparison.differences.map(({ kind, subject }) => [kind, subject]),
    [['input', 'in']],
  )
  server[Symbol.dispose]()
})

test('why says what differs from the action of that name before it', async () => {
  const name = `why ${'ö'.repeat(1_000)}`
  const run = (text: string) => executor.run({ ...shell('cat in'), name, inputs: { in: content(text) } })
  const { action: first } = await run('first')
  const alone = await executor.why(name)
  assert.ok(alone.action.equals(first))
  assert.is(alone.previous, undefined)
  assert.equal(alone.comparison.differences, [])
  const { action: second } = await run('second')
  const { action, previous, previousAt = 0, comparison } = await executor.why(name)
  assert.ok(action.equals(second))
  assert.ok(previous?.equals(first))
  assert.ok(previousAt > 0 && previousAt <= Date.now(), String(previousAt))
  assert.equal(
    comparison.differences.map(({ kind, subject }) => `${kind} ${subject}`),
    ['input in'],
  )
  const unknown = await failureOf(executor.why('never heard of'))
  assert.is(unknown.code, 'not-found')
  assert.match(unknown.message, 'never heard of')
  assert.is(
    (await failureOf(executor.why(name, AbortSignal.abort(new GoregoError('cancelled', 'no'))))).code,
    'cancelled',
  )
})

test('a graph runs there as it runs here: outputs pass as digests, directories too', async () => {
  const graph = executor.graph()
  const made = graph.add('make', {
    ...shell('mkdir d; cat in > d/f'),
    inputs: { in: content('passed on') },
    outputs: ['d'],
  })
  graph.add('use', { ...shell('cat d/f'), inputs: { d: made.output('d') } })
  for (const state of ['done', 'cached']) {
    const use = (await graph.run()).nodes.get('use')
    assert.ok(use !== undefined && 'result' in use && use.state === state, use?.state)
    assert.is(use.result?.stdout, 'passed on')
  }
})

test('what the server lost of a node before another one took it is made again there', async () => {
  const states: string[] = []
  const graph = executor.graph({
    onEvent({ node, state, outcome }) {
      if (node !== 'make' || outcome === undefined || !('result' in outcome)) return
      states.push(state)
      const output = outcome.result.outputs.get('lost')
      if (states.length > 1 || output?.kind !== 'file') return
      const { hash, sizeBytes } = output.digest
      rmSync(join(rig.directory, 'cas/sha256', hash.slice(0, 2), `${hash}-${sizeBytes}`))
    },
  })
  const made = graph.add('make', { ...shell('echo made to be lost > lost'), outputs: ['lost'] })
  graph.add('use', { ...shell('cat in'), inputs: { in: made.output('lost') } })
  const use = (await graph.run()).nodes.get('use')
  assert.is(use !== undefined && 'result' in use ? use.result?.stdout : use?.state, 'made to be lost\n')
  assert.equal(states, ['done', 'done'])
})

test('wouldHit asks the server whether it has a result, and sends it nothing', async () => {
  const spec = { ...shell('cat in'), inputs: { in: content('asked for first') } }
  const before = await executor.wouldHit(spec)
  assert.is(before.reason, 'not-cached')
  assert.equal(await executor.store.findMissing([before.action]), [before.action])
  assert.ok((await executor.run(spec)).action.equals(before.action))
  assert.is((await executor.wouldHit(spec)).hit, true)
})

test('DIG-09: everything is hashed with the function that was asked for', async () => {
  for (const { name } of digestFunctions) {
    await using own = await RemoteExecutor.connect(`grpc://${rig.server.address}`, { digestFunction: name })
    const spec = {
      ...shell('mkdir tree; cat in > tree/out; echo said'),
      inputs: { in: content(name) },
      outputs: ['tree'],
    }
    const result = await own.run(spec)
    assert.is(result.action.fn.name, name)
    assert.is(Buffer.from(result.stdout).toString(), 'said\n')
    using directory = temporaryDirectory()
    await result.materialize(directory.path)
    assert.is(readFileSync(join(directory.path, 'tree/out'), 'utf8'), name)
    assert.ok((await own.run(spec)).cached)
  }
})

test('GEN-08: a digest function that the server does not offer is refused before anything is sent', async () => {
  await using one = await ServerRig.start({ digestFunctions: ['sha512', 'sha256'] })
  const error = await failureOf(RemoteExecutor.connect(one.server.address, { digestFunction: 'blake3' }))
  assert.is(error.code, 'failed-precondition')
  assert.match(error.message, /the digest function blake3; it offers sha256, sha512$/)
  await (await RemoteExecutor.connect(one.server.address, { digestFunction: 'sha512' })).close()
  await using cache = await ServerRig.start({ execution: { enabled: false } })
  const { message } = await failureOf(RemoteExecutor.connect(cache.server.address))
  assert.match(message, 'it offers none')
})

test('a second time the result is cached, unless it is to be refreshed', async () => {
  const spec = shell('echo cached')
  assert.is((await executor.run(spec)).cached, false)
  assert.is((await executor.run(spec)).cached, true)
  assert.is((await executor.run({ ...spec, refresh: true })).cached, false)
})

test('what the server says of an action is thrown as an ExecutionError', async () => {
  const attempt = async (timeoutMs: number) => {
    const timedOut = await failureOf(executor.run({ ...shell('echo partly; sleep 600'), timeoutMs }))
    assert.ok(timedOut instanceof ExecutionError)
    assert.is(timedOut.code, 'deadline-exceeded')
    return Buffer.from(timedOut.result?.stdout ?? []).toString()
  }
  assert.is(await enoughTime(300, attempt, (stdout) => stdout !== ''), 'partly\n')
  const nonsense = executor.run({ ...shell('true'), outputs: ['../out'] })
  assert.is((await failureOf(nonsense)).code, 'invalid-argument')
})

test('an abort ends the run as cancelled, before it starts and while it runs', async () => {
  assert.is((await failureOf(executor.run({ ...shell('true'), signal: AbortSignal.abort() }))).code, 'cancelled')
  const gate = new Gate(gates.path)
  const controller = new AbortController()
  const onProgress = ({ stage }: { stage: string }) => {
    if (stage === 'executing') controller.abort()
  }
  const error = await failureOf(executor.run({ ...shell(gate.wait), signal: controller.signal, onProgress }))
  assert.is(error.code, 'cancelled')
  // There is one slot, and it is free again.
  assert.is((await executor.run(shell('echo next'))).exitCode, 0)
})

test('a server that goes away is unavailable', async () => {
  const other = await ServerRig.start()
  await using remote = await RemoteExecutor.connect(other.server.address)
  await findMissing(other.client, [])
  await other.stop()
  assert.is((await failureOf(remote.run(shell('true')))).code, 'unavailable')
})

test.run()
