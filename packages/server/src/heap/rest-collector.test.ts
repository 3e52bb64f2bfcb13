import { FakeClock } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RestCollector } from './rest-collector.js'

const MIB = 1024 * 1024
const LOOK_MS = 5_000

function collector() {
  const clock = new FakeClock()
  const heap = { bytes: 30 * MIB, used: 30 * MIB, collections: 0, utilization: 0 }
  const collecting = new RestCollector({
    collect() {
      heap.collections++
      heap.bytes = heap.used
    },
    heldBytes: () => heap.bytes,
    utilization: () => heap.utilization,
    clock,
  })
  return { clock, heap, collecting }
}

test('what much work has left is collected once there is rest, and what V8 leaves at the first try a while later', () => {
  const { clock, heap } = collector()
  heap.bytes = 130 * MIB
  heap.utilization = 0.9
  clock.advance(LOOK_MS)
  assert.is(heap.collections, 0)
  heap.utilization = 0.01
  clock.advance(LOOK_MS)
  assert.is(heap.collections, 1)
  clock.advance(LOOK_MS)
  assert.is(heap.collections, 2)
  clock.advance(LOOK_MS)
  assert.is(heap.collections, 2)
})

test('the second collection waits for rest, too', () => {
  const { clock, heap } = collector()
  heap.bytes = 130 * MIB
  clock.advance(LOOK_MS)
  heap.utilization = 0.9
  clock.advance(LOOK_MS)
  assert.is(heap.collections, 1)
  heap.utilization = 0
  clock.advance(LOOK_MS)
  assert.is(heap.collections, 2)
})

test('much work before the second collection makes that a first one', () => {
  const { clock, heap } = collector()
  heap.bytes = 130 * MIB
  clock.advance(LOOK_MS)
  assert.is(heap.collections, 1)
  heap.bytes = 130 * MIB
  for (let n = 0; n < 10; n++) clock.advance(LOOK_MS)
  assert.is(heap.collections, 3)
})

test('what is still used after a collection does not make for more of them', () => {
  const { clock, heap } = collector()
  heap.bytes = 130 * MIB
  heap.used = 120 * MIB
  for (let n = 0; n < 10; n++) clock.advance(LOOK_MS)
  assert.is(heap.collections, 2)
  heap.bytes += 15 * MIB
  clock.advance(LOOK_MS)
  assert.is(heap.collections, 2)
  heap.bytes += 1 * MIB
  clock.advance(LOOK_MS)
  assert.is(heap.collections, 3)
})

test('what V8 collected by itself counts from there', () => {
  const { clock, heap } = collector()
  heap.utilization = 0.9
  heap.bytes = 10 * MIB
  clock.advance(LOOK_MS)
  heap.utilization = 0
  heap.bytes = 27 * MIB
  clock.advance(LOOK_MS)
  assert.is(heap.collections, 1)
})

test('it is over when it is disposed of', () => {
  const { clock, collecting } = collector()
  collecting[Symbol.dispose]()
  assert.is(clock.pending, 0)
})

test.run()
