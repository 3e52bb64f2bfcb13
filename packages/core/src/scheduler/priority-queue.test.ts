import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { PriorityQueue, type QueuePlace } from './priority-queue.js'

/** Numbers that look random and are the same in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

interface Entry {
  readonly item: number
  readonly place: QueuePlace<number>
  priority: number
}

/** What the queue should be: the entries in order. Items are numbered as they were pushed. */
const sorted = (entries: Entry[]) => [...entries].sort((a, b) => a.priority - b.priority || a.item - b.item)

test('EX-23 lowest priority first, first come first served: as a sorted array would do it', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = randomNumbers(seed)
    const queue = new PriorityQueue<number>()
    let entries: Entry[] = []
    let pushed = 0
    const pick = () => entries[random(entries.length)]
    for (let step = 0; step < 300; step++) {
      const what = random(10)
      const entry = pick()
      if (what < 5 || entry === undefined) {
        const priority = random(5) - 2
        const item = pushed++
        entries.push({ item, priority, place: queue.push(item, priority) })
      } else if (what < 7) {
        const [first] = sorted(entries)
        assert.is(queue.shift(), first?.item)
        entries = entries.filter((each) => each !== first)
      } else if (what < 9) {
        entry.priority = random(5) - 2
        queue.reprioritize(entry.place, entry.priority)
      } else {
        queue.remove(entry.place)
        entries = entries.filter((each) => each !== entry)
      }
      assert.is(queue.size, entries.length)
    }
    const rest = []
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) rest.push(item)
    assert.equal(
      rest,
      sorted(entries).map((entry) => entry.item),
    )
  }
})

test('an empty queue has nothing', () => {
  assert.is(new PriorityQueue().shift(), undefined)
})

test('a place that was left can be left again, and given another priority, without harm', () => {
  const queue = new PriorityQueue<string>()
  const first = queue.push('first', 1)
  queue.push('second', 2)
  const third = queue.push('third', 3)
  assert.is(queue.shift(), 'first')
  queue.remove(first)
  queue.reprioritize(first, 9)
  queue.remove(third)
  queue.remove(third)
  queue.reprioritize(third, -1)
  assert.is(queue.size, 1)
  assert.is(queue.shift(), 'second')
})

test.run()
