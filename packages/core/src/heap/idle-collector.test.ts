import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { FakeClock } from '../testing/fake-clock.js'
import { IdleCollector } from './idle-collector.js'

function collector() {
  const clock = new FakeClock()
  const collected: number[] = []
  const start = clock.now()
  const idle = new IdleCollector({ clock, collect: () => collected.push(clock.now() - start) })
  return { clock, collected, idle }
}

test('what actions have left is collected twice when there has been none for a while', () => {
  const { clock, collected, idle } = collector()
  clock.advance(60_000)
  assert.equal(collected, [], 'there was none')
  idle.begin()
  idle.end()
  clock.advance(60_000)
  assert.equal(collected, [65_000, 70_000])
  assert.is(clock.pending, 0)
  idle.begin()
  idle.end()
  clock.advance(60_000)
  assert.is(collected.length, 4)
})

test('not while actions come, nor while one takes its time, nor between the two collections then', () => {
  const { clock, collected, idle } = collector()
  for (let n = 0; n < 20; n++) {
    idle.begin()
    idle.end()
    clock.advance(3_000)
  }
  idle.begin()
  clock.advance(60_000)
  assert.equal(collected, [])
  idle.end()
  clock.advance(5_000)
  assert.is(collected.length, 1)
  clock.advance(4_000)
  idle.begin()
  clock.advance(60_000)
  assert.is(collected.length, 1)
  idle.end()
  clock.advance(10_000)
  assert.is(collected.length, 3)
})

test('it is V8 that collects', async () => {
  const clock = new FakeClock()
  const idle = new IdleCollector({ clock })
  const left = new WeakRef(['left by an action'])
  idle.end()
  // It is there until the end of this turn.
  await nextTurn()
  assert.ok(left.deref())
  await nextTurn()
  clock.advance(60_000)
  assert.is(left.deref(), undefined)
})

test.run()
