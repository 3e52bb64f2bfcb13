import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeClock } from '../testing/fake-clock.js'
import { HandDriven } from '../testing/hand-driven.js'
import { Retention } from './retention.js'

function retention(options: { forMs?: number; atMost?: number; maxBytes?: number } = {}) {
  const clock = new FakeClock()
  const dropped: string[] = []
  const names = new Retention({
    clock,
    forMs: 1000,
    atMost: 100,
    maxBytes: 1000,
    drop: (name) => dropped.push(name),
    ...options,
  })
  return { clock, dropped, names }
}

test('each name is dropped when its time is over, with one timer for all', () => {
  const { clock, dropped, names } = retention()
  names.add('a', 0)
  clock.advance(400)
  names.add('b', 0)
  names.add('c', 0)
  assert.is(clock.pending, 1)
  clock.advance(599)
  assert.equal(dropped, [])
  clock.advance(1)
  assert.equal(dropped, ['a'])
  clock.advance(400)
  assert.equal(dropped, ['a', 'b', 'c'])
  assert.is(clock.pending, 0)
  names.add('d', 0)
  clock.advance(1000)
  assert.equal(dropped, ['a', 'b', 'c', 'd'])
})

test('beyond the limit the oldest go first', () => {
  const { clock, dropped, names } = retention({ atMost: 2 })
  for (const name of ['a', 'b', 'c', 'd']) names.add(name, 0)
  assert.equal(dropped, ['a', 'b'])
  clock.advance(1000)
  assert.equal(dropped, ['a', 'b', 'c', 'd'])
})

test('what is forgotten is not dropped', () => {
  const { clock, dropped, names } = retention()
  names.add('a', 0)
  clock.advance(10)
  names.add('b', 0)
  names.forget('a')
  names.forget('never was')
  clock.advance(1010)
  assert.equal(dropped, ['b'])
})

test('a name may be kept for no time at all, or none be kept', () => {
  const { clock, dropped, names } = retention({ forMs: 0 })
  names.add('a', 0)
  assert.equal(dropped, [])
  clock.advance(0)
  assert.equal(dropped, ['a'])
  const none = retention({ atMost: 0 })
  none.names.add('a', 0)
  assert.equal(none.dropped, ['a'])
})

test('nothing is left of it afterwards', () => {
  const { clock, dropped, names } = retention()
  names.add('a', 0)
  names[Symbol.dispose]()
  assert.is(clock.pending, 0)
  clock.advance(10_000)
  assert.equal(dropped, [])
})

test('the oldest go when there are too many bytes, and the youngest stays in any case', () => {
  const { dropped, names } = retention({ maxBytes: 10 })
  names.add('a', 4)
  names.add('b', 6)
  assert.equal(dropped, [])
  names.forget('b')
  names.add('c', 6)
  names.add('d', 1)
  assert.equal(dropped, ['a'])
  names.add('e', 100)
  assert.equal(dropped, ['a', 'c', 'd'])
})

test('what is kept of a result is the result, not the buffer that it came in', async () => {
  const hand = new HandDriven()
  const name = await hand.ask('a')
  const result = Buffer.alloc(64 * 1024, 'r').subarray(100, 400)
  await hand.run('a').end({ result, cached: false })
  const kept = hand.outcome(name)?.result
  assert.is(Buffer.compare(kept ?? Buffer.alloc(0), result), 0)
  assert.is.not(kept?.buffer, result.buffer)
})

test.run()
