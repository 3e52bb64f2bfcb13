import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GoregoError } from '../errors/index.js'
import { FakeClock } from '../testing/fake-clock.js'
import { CircuitBreaker } from './circuit-breaker.js'

/** Of a call of its own. */
const why = () => new GoregoError('unavailable', 'nobody there')
let clock: FakeClock
let changes: boolean[]
let breaker: CircuitBreaker

test.before.each(() => {
  clock = new FakeClock()
  changes = []
  breaker = new CircuitBreaker({
    name: 'it',
    failures: 3,
    firstMs: 1000,
    longestMs: 4000,
    clock,
    random: () => 0.5,
    onChange: (open) => changes.push(open),
  })
})

/** A call, if one may be made. */
const enter = () => {
  try {
    return breaker.enter()
  } catch (error) {
    assert.is((error as GoregoError).code, 'unavailable')
    assert.is((error as GoregoError).details[0]?.kind, 'retry-after')
    return undefined
  }
}
const enters = () => enter() !== undefined

/** Opens it by calls that fail; there are two more that have begun before. */
function open() {
  const calls = Array.from({ length: 5 }, () => breaker.enter())
  for (const call of calls.splice(2)) call.failed(why())
  return calls
}

test('it opens after so many failures in a row, and not before', () => {
  breaker.enter().failed(why())
  breaker.enter().failed(why())
  breaker.enter().succeeded()
  breaker.enter().failed(why())
  breaker.enter().failed(why())
  assert.ok(enters())
  breaker.enter().failed(why())
  assert.not(enters())
  assert.equal(changes, [true])
})

test('a call that several shared is one failure, though each of them says so', () => {
  for (let n = 0; n < 2; n++) {
    const shared = why()
    for (let each = 0; each < 32; each++) breaker.enter().failed(shared)
  }
  breaker.enter().failed(why())
  assert.not(enters())
})

test('it is opened for what is known without a call, and tells it once', () => {
  breaker.trip(why())
  breaker.trip(why())
  assert.not(enters())
  assert.equal(changes, [true])
  clock.advance(1000)
  enter()?.succeeded()
  assert.equal(changes, [true, false])
})

test('after its time one call is let through, and decides', () => {
  open()
  clock.advance(999)
  assert.not(enters())
  assert.is(breaker.retryInMs, 1)
  clock.advance(1)
  const trial = enter()
  assert.not(enters(), 'one is enough')
  trial?.succeeded()
  assert.ok(enters())
  assert.equal(changes, [true, false])
})

test('a trial that fails doubles the time, up to a bound', () => {
  open()
  for (const waitMs of [1000, 2000, 4000, 4000]) {
    clock.advance(waitMs - 1)
    assert.not(enters())
    clock.advance(1)
    const trial = enter()
    assert.ok(trial)
    trial?.failed(why())
    trial?.failed(why())
  }
  assert.equal(changes, [true])
})

test('a trial that its caller gives up leaves room for another', () => {
  open()
  clock.advance(1000)
  enter()?.left()
  assert.ok(enters())
})

test('calls that had begun before it opened decide nothing by failing, and make no room by being given up', () => {
  const [late, given] = open()
  clock.advance(1000)
  const trial = enter()
  late?.failed(why())
  given?.left()
  assert.not(enters(), 'one is being tried')
  assert.is(breaker.retryInMs, 0, 'and the time after the next failure is what it was')
  trial?.failed(why())
  assert.is(breaker.retryInMs, 2000)
})

test('one that had begun before it opened closes it by succeeding', () => {
  const [late] = open()
  late?.succeeded()
  assert.ok(enters())
  assert.equal(changes, [true, false])
})

test.run()
