import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GoregoError } from '../errors/index.js'
import { actionOf, HandDriven, resultOf, settle } from '../testing/hand-driven.js'

async function isRefused(hand: HandDriven): Promise<void> {
  try {
    await hand.ask('new')
    assert.unreachable()
  } catch (error) {
    assert.instance(error, GoregoError)
    const { code, details } = error as GoregoError
    assert.equal([code, details], ['unavailable', [{ kind: 'retry-after', delayMs: 1000 }]])
  }
}

function watchEnd(promise: Promise<void>): { ended: boolean } {
  const watch = { ended: false }
  void promise.then(() => {
    watch.ended = true
  })
  return watch
}

test('closing ends what waits and lets what runs finish', async () => {
  const hand = new HandDriven()
  const [running, queued] = [await hand.ask('a'), await hand.ask('b')]
  const closing = hand.scheduler.close(5000)
  const watch = watchEnd(closing)
  assert.is(hand.outcome(queued)?.failure?.code, 'unavailable')
  await isRefused(hand)
  hand.clock.advance(4999)
  await settle()
  assert.not(watch.ended)
  assert.not(hand.run('a').signal.aborted)
  await hand.run('a').end(resultOf('drained'))
  await closing
  assert.equal(hand.outcome(running), resultOf('drained'))
  assert.equal(hand.started, ['a'])
  assert.is(hand.clock.pending, 0, 'no timer is left')
})

test('what still runs when the time is up is aborted, and waited for', async () => {
  const hand = new HandDriven({ slots: 2 })
  const names = [await hand.ask('a'), await hand.ask('a'), await hand.ask('b')]
  const closing = hand.scheduler.close(5000)
  const watch = watchEnd(closing)
  hand.clock.advance(5000)
  await settle()
  for (const name of names) assert.is(hand.outcome(name)?.failure?.code, 'unavailable')
  for (const { signal } of hand.runs) assert.ok(signal.aborted)
  assert.not(watch.ended)
  for (const run of hand.runs) await run.end(resultOf('too late'))
  await closing
  assert.is(hand.clock.pending, 0)
})

test('closing without patience aborts at once', async () => {
  const hand = new HandDriven()
  await hand.ask('a')
  const closing = hand.scheduler.close()
  hand.clock.advance(0)
  assert.ok(hand.run('a').signal.aborted)
  await hand.run('a').end(resultOf('too late'))
  await closing
})

test('a request that looks into the cache while the scheduler closes ends, too', async () => {
  const hand = new HandDriven()
  const found: (() => void)[] = []
  hand.lookup = ({ instance, action }) =>
    new Promise((resolve) => found.push(() => resolve({ run: { instance, action, doNotCache: false, timeoutMs: 1 } })))
  const stuck = await hand.ask('a')
  await hand.scheduler.close()
  assert.is(hand.outcome(stuck)?.failure?.code, 'unavailable')
  for (const answer of found) answer()
  await settle()
  assert.equal(hand.started, [])
  assert.is(hand.clock.pending, 0)
})

test('a cached result that is found while the scheduler drains is handed over; nothing new is started', async () => {
  const hand = new HandDriven({ slots: 2 })
  await hand.ask('running')
  const finds: ((cached: boolean) => void)[] = []
  hand.lookup = ({ instance, action }) =>
    new Promise((resolve) =>
      finds.push((cached) =>
        resolve(
          cached ? { outcome: resultOf('cached') } : { run: { instance, action, doNotCache: false, timeoutMs: 1 } },
        ),
      ),
    )
  const [hit, miss] = [await hand.ask('hit'), await hand.ask('miss')]
  const closing = hand.scheduler.close(5000)
  finds[0]?.(true)
  finds[1]?.(false)
  await settle()
  assert.equal(hand.outcome(hit), resultOf('cached'))
  assert.is(hand.outcome(miss)?.failure?.code, 'unavailable')
  await hand.run('running').end(resultOf('r'))
  await closing
  assert.equal(hand.started, ['running'])
})

test('a request that waited for a full queue is refused when the scheduler closes', async () => {
  const hand = new HandDriven({ queueSize: 0 })
  await hand.ask('running')
  const asking = hand.scheduler.execute({ instance: '', action: actionOf('a') })
  const closing = hand.scheduler.close()
  try {
    await asking
    assert.unreachable()
  } catch (error) {
    assert.is((error as GoregoError).code, 'unavailable')
  }
  hand.clock.advance(0)
  await hand.run('running').end(resultOf('r'))
  await closing
})

test.run()
