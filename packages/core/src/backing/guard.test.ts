import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ErrorCode, GoregoError } from '../errors/index.js'
import { rejectsWith } from '../testing/contract.js'
import { FakeClock } from '../testing/fake-clock.js'
import { CircuitBreaker } from './circuit-breaker.js'
import { Guard } from './guard.js'

const fails = (call: Promise<unknown>, code: ErrorCode) => rejectsWith(code, call)

const turn = () => new Promise((resolve) => setImmediate(resolve))

function guarded(retries = 2, failures = 10) {
  const clock = new FakeClock()
  const breaker = new CircuitBreaker({ name: 'it', failures, clock, random: () => 0.5 })
  return { clock, breaker, guard: new Guard({ breaker, retries, silenceMs: 1000, clock, random: () => 1 }) }
}

for (const [code, tries] of [
  ['unavailable', 3],
  ['resource-exhausted', 3],
  ['aborted', 3],
  ['deadline-exceeded', 1],
  ['internal', 1],
  ['not-found', 1],
  ['invalid-argument', 1],
  ['permission-denied', 1],
] satisfies [ErrorCode, number][]) {
  test(`${code} is tried ${tries === 1 ? 'once' : 'again'}`, async () => {
    const { clock, guard } = guarded()
    let count = 0
    const call = guard.call(async () => {
      count++
      throw new GoregoError(code, 'no')
    })
    const ended = fails(call, code)
    for (const pause of [100, 200]) {
      await turn()
      clock.advance(pause)
    }
    await ended
    assert.is(count, tries)
    assert.is(clock.pending, 0)
  })
}

test('the other side says when to come back', async () => {
  const { clock, guard } = guarded()
  let count = 0
  const call = guard.call(async () => {
    if (count++ === 0)
      throw new GoregoError('unavailable', 'later', { details: [{ kind: 'retry-after', delayMs: 3000 }] })
    return 'there'
  })
  await turn()
  clock.advance(2999)
  await turn()
  assert.is(count, 1)
  clock.advance(1)
  assert.is(await call, 'there')
})

test('silence ends a call, signs of life keep it', async () => {
  const { clock, guard } = guarded()
  let alive = () => {}
  const call = guard.call(async (attempt) => {
    alive = attempt.alive
    await new Promise((_, reject) => attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason)))
  })
  const ended = fails(call, 'deadline-exceeded')
  for (let n = 0; n < 5; n++) {
    clock.advance(900)
    alive()
  }
  clock.advance(999)
  await turn()
  assert.is(clock.pending, 1)
  clock.advance(1)
  await ended
  assert.is(clock.pending, 0)
})

test('answers keep the breaker closed, outages open it, and then nothing is tried', async () => {
  const { breaker, guard } = guarded(0, 2)
  const fail = (code: ErrorCode) =>
    fails(
      guard.call(async () => Promise.reject(new GoregoError(code, 'no'))),
      code,
    )
  await fail('unavailable')
  await fail('not-found')
  await fail('unavailable')
  assert.not(breaker.open)
  await fail('internal')
  assert.ok(breaker.open)
  await fails(
    guard.call(async () => assert.unreachable()),
    'unavailable',
  )
})

test('a caller that gives up while it waits says nothing of the other side', async () => {
  const { clock, breaker, guard } = guarded(5, 2)
  const abort = new AbortController()
  const call = guard.call(async () => Promise.reject(new GoregoError('unavailable', 'no')), abort.signal)
  await turn()
  abort.abort(new GoregoError('cancelled', 'gone'))
  await fails(call, 'cancelled')
  assert.not(breaker.open)
  assert.is(clock.pending, 0)
})

test.run()
