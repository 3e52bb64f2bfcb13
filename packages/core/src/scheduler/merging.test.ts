import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { HandDriven, resultOf, settle, toRun } from '../testing/hand-driven.js'
import type { Lookup } from './executor.js'
import type { Failure } from './operation.js'

const cancelled: Failure = { code: 'cancelled', message: 'the operation was cancelled', details: [] }

test('EX-18 equal actions under way share one run, each with an operation of its own', async () => {
  const hand = new HandDriven()
  const names = [await hand.ask('a'), await hand.ask('a'), await hand.ask('a')]
  assert.is(new Set(names).size, 3)
  assert.equal(hand.started, ['a'])
  assert.equal(
    names.map((name) => hand.stage(name)),
    ['executing', 'executing', 'executing'],
  )
  await hand.run('a').end(resultOf('shared'))
  for (const name of names) assert.equal(hand.outcome(name), resultOf('shared'))
  await hand.ask('a')
  assert.equal(hand.started, ['a', 'a'], 'what has ended is not joined')
})

test('EX-18 actions of different instances are not merged', async () => {
  const hand = new HandDriven({ slots: 3 })
  for (const instance of ['', 'one', 'two']) await hand.ask('a', { instance })
  assert.equal(
    hand.runs.map(({ run }) => run.instance),
    ['', 'one', 'two'],
  )
})

test('EX-16 do_not_cache is never merged', async () => {
  const hand = new HandDriven({ slots: 3 })
  hand.lookup = async (request) => toRun(request, true)
  await hand.ask('a')
  await hand.ask('a')
  assert.equal(
    hand.runs.map(({ run }) => run.doNotCache),
    [true, true],
  )
})

test('EX-23 a merged request with a better priority moves the action up, a worse one does not move it down', async () => {
  const hand = new HandDriven()
  for (const action of ['running', 'a', 'b', 'c']) await hand.ask(action)
  await hand.ask('c', { priority: -1 })
  await hand.ask('a', { priority: 7 })
  for (let n = 0; n < 4; n++) await hand.runs[n]?.end(resultOf('r'))
  assert.equal(hand.started, ['running', 'c', 'a', 'b'])
})

test('EX-18 a merged action runs when the turn comes of the first client that waits for it', async () => {
  const hand = new HandDriven()
  for (const action of ['running', 'a', 'b', 'shared']) await hand.ask(action, { client: 'big' })
  const others = await hand.ask('shared', { client: 'small' })
  assert.is(hand.scheduler.load.queued, 3, 'merged ones take one place')
  for (let n = 0; n < 4; n++) await hand.runs[n]?.end(resultOf('r'))
  assert.equal(hand.started, ['running', 'a', 'shared', 'b'])
  assert.equal(hand.outcome(others), resultOf('r'))
  assert.equal(hand.scheduler.load, { queued: 0, running: 0, slots: 1 })
})

test('EX-18 the one with the better turn or priority leaves: the others wait for their own', async () => {
  const hand = new HandDriven()
  for (const action of ['running', 'a', 'shared']) await hand.ask(action)
  hand.scheduler.cancel(await hand.ask('shared', { priority: -1, client: 'small' }))
  for (let n = 0; n < 3; n++) await hand.runs[n]?.end(resultOf('r'))
  assert.equal(hand.started, ['running', 'a', 'shared'])
})

test('EX-18 cancelling one of two merged operations leaves the other running', async () => {
  const hand = new HandDriven()
  const [first, second] = [await hand.ask('a'), await hand.ask('a')]
  hand.scheduler.cancel(first)
  assert.equal(hand.outcome(first), { failure: cancelled, cached: false })
  assert.not(hand.run('a').signal.aborted)
  await hand.run('a').end(resultOf('r'))
  assert.equal(hand.outcome(second), resultOf('r'))
  assert.equal(hand.outcome(first)?.failure, cancelled)
})

test('EX-11 cancelling the last of them aborts the action; the operation has ended already', async () => {
  const hand = new HandDriven()
  const [first, second] = [await hand.ask('a'), await hand.ask('a')]
  hand.scheduler.cancel(first)
  hand.scheduler.cancel(second, 'enough')
  assert.ok(hand.run('a').signal.aborted)
  assert.is(hand.outcome(second)?.failure?.message, 'enough')
  assert.is(hand.scheduler.load.running, 1, 'the slot is taken until the command is gone')
  await hand.run('a').end(resultOf('too late'))
  assert.is(hand.outcome(second)?.failure?.message, 'enough')
  assert.is(hand.scheduler.load.running, 0)
})

test('EX-18 a new equal request does not join a run that is being torn down', async () => {
  const hand = new HandDriven({ slots: 2 })
  hand.scheduler.cancel(await hand.ask('a'))
  const again = await hand.ask('a')
  const [dying, fresh] = hand.runs
  assert.equal([dying?.signal.aborted, fresh?.signal.aborted], [true, false])
  await dying?.end({ failure: cancelled, cached: false })
  assert.is(hand.stage(again), 'executing')
  const merged = await hand.ask('a')
  assert.is(hand.runs.length, 2, 'the end of the dying one does not keep others from joining the new one')
  await fresh?.end(resultOf('fresh'))
  assert.equal([hand.outcome(again), hand.outcome(merged)], [resultOf('fresh'), resultOf('fresh')])
})

test('a queued action that is cancelled never runs, and its place is free', async () => {
  const hand = new HandDriven({ queueSize: 1 })
  await hand.ask('running')
  const name = await hand.ask('a')
  hand.scheduler.cancel(name)
  assert.is(hand.stage(name), 'completed')
  assert.is(hand.scheduler.load.queued, 0)
  await hand.ask('b')
  await hand.run('running').end(resultOf('r'))
  assert.equal(hand.started, ['running', 'b'])
})

test('a request that is cancelled while the cache is looked at never runs; the look-up is told', async () => {
  const hand = new HandDriven()
  let found: (lookup: Lookup) => void = () => {}
  let told: AbortSignal | undefined
  hand.lookup = (_, signal) => {
    told = signal
    return new Promise((resolve) => {
      found = resolve
    })
  }
  const name = await hand.ask('a')
  assert.is(hand.stage(name), 'cache-check')
  hand.scheduler.cancel(name)
  assert.ok(told?.aborted)
  found({ outcome: resultOf('too late') })
  await settle()
  assert.is(hand.outcome(name)?.failure?.code, 'cancelled')
  assert.equal(hand.started, [])
})

test('what has completed stays as it is', async () => {
  const hand = new HandDriven()
  const name = await hand.ask('a')
  await hand.run('a').end(resultOf('r'))
  hand.scheduler.cancel(name)
  assert.equal(hand.outcome(name), resultOf('r'))
})

test.run()
