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

const enters = () => {
  try {
    breaker.enter()
    return true
  } catch (error) {
    assert.is((error as GoregoError).code, 'unavailable')
    assert.is((error as GoregoError).details[0]?.kind, 'retry-after')
    return false
  }
}

function open() {
  for (let n = 0; n < 3; n++) breaker.failed(why())
}

test('it opens after so many failures in a row, and not before', () => {
  breaker.failed(why())
  breaker.failed(why())
  breaker.succeeded()
  breaker.failed(why())
  breaker.failed(why())
  assert.ok(enters())
  breaker.failed(why())
  assert.not(enters())
  assert.equal(changes, [true])
})

test('a call that several shared is one failure, though each of them says so', () => {
  for (let n = 0; n < 2; n++) {
    const shared = why()
    for (let each = 0; each < 32; each++) breaker.failed(shared)
  }
  assert.ok(enters())
  breaker.failed(why())
  assert.not(enters())
})

test('it is opened for what is known without a call, and tells it once', () => {
  breaker.trip(why())
  breaker.trip(why())
  assert.not(enters())
  assert.equal(changes, [true])
  clock.advance(1000)
  assert.ok(enters())
  breaker.succeeded()
  assert.equal(changes, [true, false])
})

test('after its time one call is let through, and decides', () => {
  open()
  clock.advance(999)
  assert.not(enters())
  assert.is(breaker.retryInMs, 1)
  clock.advance(1)
  assert.ok(enters())
  assert.not(enters(), 'one is enough')
  breaker.succeeded()
  assert.ok(enters())
  assert.equal(changes, [true, false])
})

test('a trial that fails doubles the time, up to a bound', () => {
  open()
  for (const waitMs of [1000, 2000, 4000, 4000]) {
    clock.advance(waitMs - 1)
    assert.not(enters())
    clock.advance(1)
    assert.ok(enters())
    breaker.failed(why())
    // Of a call that had begun before.
    breaker.failed(why())
  }
  assert.equal(changes, [true])
})

test('a trial that its caller gives up leaves room for another', () => {
  open()
  clock.advance(1000)
  assert.ok(enters())
  breaker.left()
  assert.ok(enters())
})

test.run()
