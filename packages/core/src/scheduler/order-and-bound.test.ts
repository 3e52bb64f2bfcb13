import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GoregoError } from '../errors/index.js'
import { actionOf, HandDriven, resultOf, settle, toRun } from '../testing/hand-driven.js'
import type { Lookup } from './executor.js'
import type { OperationState } from './operation.js'

async function refused(promise: Promise<unknown>): Promise<GoregoError> {
  try {
    await promise
  } catch (error) {
    assert.instance(error, GoregoError)
    return error as GoregoError
  }
  return assert.unreachable('it was accepted') as never
}

test('EX-01 EX-03 an operation goes through the stages in order and has its outcome when it is completed', async () => {
  const hand = new HandDriven()
  const { name, stage, createdAt } = await hand.scheduler.execute({ instance: 'i', action: actionOf('a') })
  assert.match(name, /^[0-9a-f-]{36}$/)
  assert.is(stage, 'cache-check')
  assert.is(createdAt, hand.clock.now())
  const states: OperationState[] = []
  hand.scheduler.subscribe(name, (state) => states.push(state))
  await settle()
  await hand.run('a').end(resultOf('done'))
  assert.equal(
    states.map((state) => state.stage),
    ['cache-check', 'queued', 'executing', 'completed'],
  )
  assert.equal(
    states.map((state) => state.outcome),
    [undefined, undefined, undefined, resultOf('done')],
  )
  assert.equal(hand.scheduler.get(name), states.at(-1))
})

test('the executor is told what to run and since when it has waited', async () => {
  const hand = new HandDriven()
  await hand.ask('first', { instance: 'somewhere' })
  await hand.ask('a', { instance: 'somewhere' })
  const queuedAt = hand.clock.now()
  hand.clock.advance(5000)
  await hand.run('first').end(resultOf('r'))
  const { audience, onFreed, ...run } = hand.run('a').run
  assert.ok(audience && onFreed)
  assert.equal(run, {
    instance: 'somewhere',
    action: actionOf('a'),
    doNotCache: false,
    timeoutMs: 1000,
    queuedAt,
  })
})

test('EX-14 a cached result completes the operation at once, without a slot', async () => {
  const hand = new HandDriven()
  await hand.ask('busy')
  hand.lookup = async () => ({ outcome: { ...resultOf('cached'), cached: true } })
  const name = await hand.ask('a')
  assert.equal(hand.outcome(name), { ...resultOf('cached'), cached: true })
  assert.equal(hand.started, ['busy'])
})

test('EX-23 lower priorities run first, equal ones in the order in which they came', async () => {
  const hand = new HandDriven()
  await hand.ask('first')
  for (const [action, priority] of [
    ['a', 0],
    ['b', 5],
    ['c', -5],
    ['d', 0],
    ['e', -5],
    ['f', undefined],
  ] as const) {
    await hand.ask(action, priority === undefined ? {} : { priority })
  }
  assert.equal(hand.scheduler.load, { queued: 6, running: 1, slots: 1 })
  for (let n = 0; n < 7; n++) await hand.runs[n]?.end(resultOf('r'))
  assert.equal(hand.started, ['first', 'c', 'e', 'a', 'd', 'f', 'b'])
  assert.equal(hand.scheduler.load, { queued: 0, running: 0, slots: 1 })
})

test("one client's many actions do not delay another's few", async () => {
  const hand = new HandDriven()
  await hand.ask('first', { client: 'big' })
  for (const n of [1, 2, 3, 4, 5]) await hand.ask(`big${n}`, { client: 'big' })
  for (const n of [1, 2]) await hand.ask(`small${n}`, { client: 'small' })
  for (let n = 0; n < 8; n++) await hand.runs[n]?.end(resultOf('r'))
  assert.equal(hand.started, ['first', 'big1', 'small1', 'big2', 'small2', 'big3', 'big4', 'big5'])
})

test('as many run as there are slots', async () => {
  const hand = new HandDriven({ slots: 2 })
  for (const action of ['a', 'b', 'c']) await hand.ask(action)
  assert.equal(hand.started, ['a', 'b'])
  await hand.run('b').end(resultOf('r'))
  assert.equal(hand.started, ['a', 'b', 'c'])
})

test('a slot that is given back before the outcome is there is for the next action, once', async () => {
  const hand = new HandDriven()
  const [a = '', b = ''] = [await hand.ask('a'), await hand.ask('b'), await hand.ask('c'), await hand.ask('d')]
  hand.run('a').run.onFreed?.()
  assert.equal(hand.started, ['a', 'b'])
  assert.equal([hand.stage(a), hand.stage(b)], ['executing', 'executing'])
  assert.equal(hand.scheduler.load, { queued: 2, running: 1, slots: 1 })
  await hand.run('a').end(resultOf('r'))
  hand.run('a').run.onFreed?.()
  assert.equal(hand.started, ['a', 'b'])
  await hand.run('b').end(resultOf('r'))
  assert.equal(hand.started, ['a', 'b', 'c'])
})

test('EX-10 a full queue refuses, and says when to try again', async () => {
  const hand = new HandDriven({ queueSize: 2 })
  for (const action of ['running', 'a', 'b']) await hand.ask(action)
  const error = await refused(hand.ask('c'))
  assert.is(error.code, 'resource-exhausted')
  assert.equal(error.details, [{ kind: 'retry-after', delayMs: 1000 }])
  assert.is(hand.scheduler.list().operations.length, 3, 'nothing is kept of a refused request')
  await hand.run('running').end(resultOf('r'))
  await hand.ask('c')
  await refused(hand.ask('d'))
})

test('EX-10 when the queue is full, cached results and merges are served all the same', async () => {
  const hand = new HandDriven({ queueSize: 1 })
  await hand.ask('running')
  await hand.ask('waiting')
  const merged = [await hand.ask('running'), await hand.ask('waiting')]
  assert.equal(
    merged.map((name) => hand.stage(name)),
    ['executing', 'queued'],
  )
  hand.lookup = async () => ({ outcome: { ...resultOf('cached'), cached: true } })
  assert.equal(hand.outcome(await hand.ask('other')), { ...resultOf('cached'), cached: true })
})

test('EX-10 places are reserved while the cache is looked at', async () => {
  const hand = new HandDriven({ queueSize: 2 })
  await hand.ask('running')
  const found: ((lookup: Lookup) => void)[] = []
  hand.lookup = () => new Promise((resolve) => found.push(resolve))
  const names = [await hand.ask('a'), await hand.ask('b')]
  const third = hand.scheduler.execute({ instance: '', action: actionOf('c') })
  found[2]?.(toRun({ instance: '', action: actionOf('c') }))
  assert.is((await refused(third)).code, 'resource-exhausted')
  found[0]?.(toRun({ instance: '', action: actionOf('a') }))
  found[1]?.(toRun({ instance: '', action: actionOf('b') }))
  await settle()
  assert.equal(
    names.map((name) => hand.stage(name)),
    ['queued', 'queued'],
  )
})

test('EX-10 a queue without places takes what a free slot can run at once', async () => {
  const hand = new HandDriven({ queueSize: 0, slots: 2 })
  const names = await Promise.all(['a', 'b'].map((action) => hand.ask(action)))
  assert.equal(
    names.map((name) => hand.stage(name)),
    ['executing', 'executing'],
  )
  await refused(hand.ask('c'))
  await hand.run('a').end(resultOf('r'))
  await hand.ask('c')
})

test('EX-10 one caller has its share of the queue, the rest is for others; merges and cached results need none', async () => {
  const hand = new HandDriven({ queueSize: 4, queueShare: 0.5 })
  const [big, small] = [{ caller: 'big' }, { caller: 'small' }]
  for (const action of ['running', 'a', 'b']) await hand.ask(action, big)
  const error = await refused(hand.ask('c', big))
  assert.is(error.code, 'resource-exhausted')
  assert.match(error.message, /^2 actions of this client wait .* limits\.queue_share/)
  assert.equal(error.details, [{ kind: 'retry-after', delayMs: 1000 }])
  await hand.ask('a', big)
  for (const action of ['d', 'e']) await hand.ask(action, small)
  assert.match((await refused(hand.ask('f', { caller: 'third' }))).message, 'execution.queue_size')
  hand.lookup = async () => ({ outcome: { ...resultOf('cached'), cached: true } })
  await hand.ask('c', big)
  hand.lookup = async (request) => toRun(request)
  for (let n = 0; n < 5; n++) await hand.runs[n]?.end(resultOf('r'))
  // All places were given back, also those of merges and of what was cached.
  for (const action of ['running', 'g', 'h']) await hand.ask(action, big)
  await refused(hand.ask('i', big))
})

test('EX-10 who cancels has its place in the queue again', async () => {
  const hand = new HandDriven({ queueSize: 2, queueShare: 0.5 })
  await hand.ask('running', { caller: 'a' })
  for (let n = 0; n < 3; n++) hand.scheduler.cancel(await hand.ask('waiting', { caller: 'a' }))
  await hand.ask('waiting', { caller: 'a' })
  // Joins what runs: waits for no place.
  await hand.ask('running', { caller: 'b' })
  await hand.ask('other', { caller: 'b' })
})

test('EX-10 free slots are for everybody, however small the share', async () => {
  const hand = new HandDriven({ queueSize: 1, slots: 3, queueShare: 0.5 })
  const found: (() => void)[] = []
  hand.lookup = (request) => new Promise((resolve) => found.unshift(() => resolve(toRun(request))))
  const asked = Promise.all(['a', 'b', 'c'].map((action) => hand.ask(action, { caller: 'a' })))
  for (const tell of found) tell()
  await asked
  assert.equal(hand.started.sort(), ['a', 'b', 'c'])
})

test('EX-13 an executor that rejects completes the operation; the slot is free again', async () => {
  const hand = new HandDriven()
  const [a, b, c] = [await hand.ask('a'), await hand.ask('b'), await hand.ask('c')]
  await hand.run('a').fail(new TypeError('a bug'))
  assert.equal(hand.outcome(a), { failure: { code: 'internal', message: 'a bug', details: [] }, cached: false })
  const details = [{ kind: 'missing-blobs', subjects: ['blobs/x/1'] }] as const
  await hand.run('b').fail(new GoregoError('failed-precondition', 'missing', { details }))
  assert.equal(hand.outcome(b)?.failure, { code: 'failed-precondition', message: 'missing', details })
  await hand.run('c').end(resultOf('r'))
  assert.equal(hand.outcome(c), resultOf('r'))
})

test('EX-05 a look-up that rejects is an outcome, also when the queue is full', async () => {
  const hand = new HandDriven({ queueSize: 0 })
  const reject = async () => {
    throw new GoregoError('invalid-argument', 'no Action')
  }
  hand.lookup = reject
  assert.is(hand.outcome(await hand.ask('a'))?.failure?.code, 'invalid-argument')
  hand.lookup = async (request) => toRun(request)
  await hand.ask('running')
  hand.lookup = reject
  assert.is(hand.outcome(await hand.ask('b'))?.failure?.code, 'invalid-argument')
  assert.is(hand.scheduler.load.queued, 0)
})

test.run()
