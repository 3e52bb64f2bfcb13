import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { content } from '../embed/inputs.js'
import { GoregoError } from '../errors/index.js'
import { FakeRunner } from '../testing/fake-runner.js'
import { Graph, type GraphOptions } from './graph.js'
import { output } from './graph-action.js'
import { GraphError } from './graph-error.js'

const graphOf = (runner: FakeRunner, options: GraphOptions = {}) => new Graph(runner, { concurrency: 4, ...options })
const make = (name: string, inputs: Parameters<Graph['add']>[1]['inputs'] = {}) => ({
  argv: [name],
  inputs,
  outputs: ['out'],
})

async function failure(run: Promise<unknown>): Promise<GoregoError> {
  const thrown = await run.then(
    () => undefined,
    (error) => error,
  )
  assert.instance(thrown, GoregoError, String(thrown))
  return thrown
}

test('a node takes what another one made, and runs after it', async () => {
  const runner = new FakeRunner()
  const graph = graphOf(runner)
  graph.add('last', make('last', { in: output('first', 'out') }))
  const first = graph.add('first', make('first', { seed: content('1') }))
  graph.add('middle', make('middle', { in: first.output('out') }))
  const { ok, nodes, counts } = await graph.run()
  assert.ok(ok)
  assert.is(runner.started[0], 'first')
  assert.equal([...nodes.keys()], ['last', 'first', 'middle'])
  assert.equal([counts.total, counts.done, counts.waiting], [3, 3, 0])
  const again = await graph.run()
  assert.equal([again.counts.cached, again.counts.done], [3, 0])
})

test('a cycle is refused before anything runs, with the way round', async () => {
  const runner = new FakeRunner()
  const graph = graphOf(runner)
  graph.add('start', make('start', { in: output('a', 'out') }))
  graph.add('a', make('a', { in: output('b', 'out') }))
  graph.add('b', make('b', { in: output('a', 'out') }))
  const error = await failure(graph.run())
  assert.is(error.code, 'invalid-argument')
  assert.is(error.message, 'the nodes wait for each other: "a" ← "b" ← "a"')
  assert.equal(runner.started, [])
})

test('a reference to a node or an output that there is not is refused, with the way to it', async () => {
  const graph = graphOf(new FakeRunner())
  graph.add('app', make('app', { lib: output('lib', 'out') }))
  graph.add('lib', make('lib', { 'x.o': output('compile', 'x.o') }))
  assert.match((await failure(graph.run())).message, 'no such node ("app" ← "lib" ← "compile")')
  graph.add('compile', { argv: ['compile'], outputs: ['y.o', 'z.o'] })
  const error = await failure(graph.run())
  assert.match(error.message, 'the input "x.o" of "lib" is "x.o" of "compile", whose outputs are "y.o", "z.o"')
})

test('a chain of any length is checked and run', async () => {
  const graph = graphOf(new FakeRunner())
  const length = 12_000
  for (let n = length - 1; n >= 0; n--)
    graph.add(`n${n}`, make(`n${n}`, n === 0 ? {} : { in: output(`n${n - 1}`, 'out') }))
  assert.is((await graph.run()).counts.done, length)
  graph.add('loop', make('loop', { a: output(`n${length - 1}`, 'out'), b: output('loop', 'out') }))
  assert.is((await failure(graph.run())).message, 'the nodes wait for each other: "loop" ← "loop"')
})

test('what a node did not make is told with both names', async () => {
  const runner = new FakeRunner({ makesNothing: ['compile'] })
  const graph = graphOf(runner)
  graph.add('compile', make('compile'))
  graph.add('link', make('link', { 'a.o': output('compile', 'out') }))
  const error = await failure(graph.run())
  assert.is(error.message, '"link" needs "out" of "compile", which succeeded without making it')
  assert.is((error as GraphError).node, 'link')
})

test('the first failure stops what runs, and is thrown when all has stopped', async () => {
  const runner = new FakeRunner({ fails: ['bad'], runsUntilStopped: ['slow'] })
  const graph = graphOf(runner)
  graph.add('slow', make('slow'))
  graph.add('bad', make('bad'))
  graph.add('after', make('after', { in: output('bad', 'out') }))
  const error = await failure(graph.run())
  assert.instance(error, GraphError)
  const { node, result, message } = error as GraphError
  assert.equal([node, message], ['bad', '"bad" failed with exit code 1: bad said so'])
  assert.equal(
    [...result.nodes].map(([name, outcome]) => [name, outcome.state]),
    [
      ['slow', 'skipped'],
      ['bad', 'failed'],
      ['after', 'skipped'],
    ],
  )
  assert.is(runner.running, 0)
})

test('keepGoing does what does not need what failed', async () => {
  const runner = new FakeRunner({ fails: ['bad'] })
  const graph = graphOf(runner, { keepGoing: true, concurrency: 1 })
  graph.add('bad', make('bad'))
  graph.add('after', make('after', { in: output('bad', 'out') }))
  graph.add('far after', make('far after', { in: output('after', 'out') }))
  graph.add('good', make('good'))
  const { ok, nodes, counts } = await graph.run()
  assert.not.ok(ok)
  assert.equal([counts.failed, counts.skipped, counts.done], [1, 2, 1])
  const skipped = nodes.get('after')
  assert.is(skipped?.state === 'skipped' && skipped.because, 'bad')
  const failed = nodes.get('bad')
  assert.is(failed?.state === 'failed' && failed.result?.exitCode, 1)
})

test('a signal stops all of it', async () => {
  const runner = new FakeRunner({ runsUntilStopped: ['slow'] })
  const abort = new AbortController()
  const graph = graphOf(runner, { keepGoing: true, onEvent: ({ state }) => state === 'running' && abort.abort() })
  graph.add('slow', make('slow'))
  graph.add('after', make('after', { in: output('slow', 'out') }))
  const error = await failure(graph.run({ signal: abort.signal }))
  assert.equal([error.code, (error as GraphError).node], ['cancelled', undefined])
  assert.is((error as GraphError).result.counts.cancelled, 2)
  assert.is(runner.running, 0)
  assert.is((await failure(graph.run({ signal: abort.signal }))).code, 'cancelled')
  assert.equal(runner.started, ['slow'])
})

test('events tell where each node is; what the listener throws ends the run and comes out', async () => {
  const graph = (onEvent: GraphOptions['onEvent']) => {
    const made = graphOf(new FakeRunner(), { ...(onEvent && { onEvent }) })
    const first = made.add('a', make('a'))
    made.add('b', make('b', { in: first.output('out') }))
    return made
  }
  const states: string[] = []
  await graph(({ node, state, counts }) => states.push(`${node} ${state} ${counts.done}`)).run()
  assert.equal(states, ['a queued 0', 'a running 0', 'a done 1', 'b queued 1', 'b running 1', 'b done 2'])
  const own = new Error('of the listener')
  const thrown = await graph(() => {
    throw own
  })
    .run()
    .catch((error) => error)
  assert.is(thrown, own)
})

/** a, b that takes a, c that takes b, and other that has nothing to do with them. */
function chainOf(runner: FakeRunner, options: GraphOptions = {}): Graph {
  const graph = graphOf(runner, options)
  const a = graph.add('a', make('a'))
  const b = graph.add('b', make('b', { in: a.output('out') }))
  graph.add('c', make('c', { in: b.output('out') }))
  graph.add('other', make('other'))
  return graph
}

const once = (when: string, ...what: string[]) => {
  let isOver = false
  return (name: string) => {
    if (name !== when || isOver) return []
    isOver = true
    return what
  }
}

test('an output that is lost before it is taken is made again, with what that takes; nothing else runs twice', async () => {
  for (const lost of [['b'], ['a', 'b']]) {
    const runner = new FakeRunner({ evicts: once('c', ...lost) })
    const events: string[] = []
    const graph = chainOf(runner, { onEvent: ({ node, state }) => events.push(`${node} ${state}`) })
    const { counts, nodes } = await graph.run()
    assert.is(counts.done, 4)
    assert.equal(
      [...nodes.values()].map(({ state }) => state),
      ['done', 'done', 'done', 'done'],
    )
    assert.is(runner.started.filter((name) => name === 'other').length, 1)
    const again = events.slice(events.indexOf('c waiting') + 1)
    assert.equal(
      again,
      lost.length === 1
        ? ['b queued', 'b running', 'b done', 'c queued', 'c running', 'c done']
        : [
            'b queued',
            'b waiting',
            'a queued',
            'a running',
            'a done',
            'b queued',
            'b running',
            'b done',
            'c queued',
            'c running',
            'c done',
          ],
    )
  }
})

test('what is lost again and again is an error, with both names', async () => {
  const graph = chainOf(new FakeRunner({ evicts: (name) => (name === 'c' ? ['b'] : []) }))
  const error = await failure(graph.run())
  assert.equal([error.code, (error as GraphError).node], ['resource-exhausted', 'c'])
  assert.match(error.message, '"c" needs "out" of "b", which is gone from the store again')
})

test('a node that fails when its outputs are to be made again has failed, and those that wait for it are skipped', async () => {
  const fails: string[] = []
  const evicts = (name: string) => {
    if (name !== 'c' || fails.length > 0) return []
    fails.push('b')
    return ['b']
  }
  const { ok, nodes, counts } = await chainOf(new FakeRunner({ fails, evicts }), { keepGoing: true }).run()
  assert.not(ok)
  assert.equal(
    [...nodes.values()].map(({ state }) => state),
    ['done', 'failed', 'skipped', 'done'],
  )
  assert.equal([counts.done, counts.failed, counts.skipped], [2, 1, 1])
  const stopped = new FakeRunner({ fails: ['b'], evicts: () => [] })
  assert.is((await failure(chainOf(stopped).run())).code, 'failed-precondition')
})

test('what is printed when outputs are made again is not handed over again', async () => {
  const printed: string[] = []
  const runner = new FakeRunner({ evicts: once('c', 'b') })
  const run = runner.run.bind(runner)
  runner.run = async (options) => {
    await options.onOutput?.(Buffer.from(options.argv[0] ?? ''), 'stdout')
    return await run(options)
  }
  await chainOf(runner, { onOutput: (_, __, node) => void printed.push(node) }).run()
  // c was to run twice: the first time, it could not.
  assert.equal(printed.sort(), ['a', 'b', 'c', 'c', 'other'])
})

test('a name is taken once, and a graph needs room for one node', () => {
  const graph = graphOf(new FakeRunner())
  graph.add('a', make('a'))
  assert.throws(
    () => graph.add('a', make('a')),
    (error: GoregoError) => error.code === 'already-exists',
  )
  assert.throws(() => graphOf(new FakeRunner(), { concurrency: 0 }), 'concurrency')
})

test.run()
