import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'uvu'
import { FakeClock } from './fake-clock.js'

test('time stands still until it is moved', () => {
  const clock = new FakeClock(1000)
  equal(clock.now(), 1000)
  clock.advance(234)
  equal(clock.now(), 1234)
})

test('callbacks come in the order in which they fall due, each at its own time', () => {
  const clock = new FakeClock(0)
  const calls: string[] = []
  for (const [delay, name] of [
    [30, 'c'],
    [10, 'a'],
    [20, 'b'],
    [10, 'a too'],
    [0, 'at once'],
    [-5, 'late'],
  ] as const) {
    clock.after(delay, () => calls.push(`${name} at ${clock.now()}`))
  }
  deepEqual(calls, [])
  clock.advance(0)
  deepEqual(calls.splice(0), ['at once at 0', 'late at 0'])
  clock.advance(20)
  deepEqual(calls.splice(0), ['a at 10', 'a too at 10', 'b at 20'])
  equal(clock.pending, 1)
  clock.advance(1000)
  deepEqual(calls, ['c at 30'])
  equal(clock.now(), 1020)
})

test('what a callback starts is called in the same advance if it falls due', () => {
  const clock = new FakeClock(0)
  const ticks: number[] = []
  const tick = () => {
    ticks.push(clock.now())
    clock.after(10, tick)
  }
  clock.after(10, tick)
  clock.advance(35)
  deepEqual(ticks, [10, 20, 30])
  equal(clock.pending, 1)
})

test('what is called off is not called, also when that happens in a callback', () => {
  const clock = new FakeClock(0)
  let calls = 0
  const later = clock.after(20, () => calls++)
  clock.after(10, () => later[Symbol.dispose]())
  clock.after(5, () => calls++)[Symbol.dispose]()
  clock.advance(100)
  equal(calls, 0)
  equal(clock.pending, 0)
})

test.run()
