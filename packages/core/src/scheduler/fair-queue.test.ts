import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type FairPlace, FairQueue } from './fair-queue.js'

function drain<T>(queue: FairQueue<T>): T[] {
  const items: T[] = []
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item)
  return items
}

function queueOf(...items: readonly (readonly [item: string, priority: number, client: string])[]): FairQueue<string> {
  const queue = new FairQueue<string>()
  for (const item of items) queue.push(...item)
  return queue
}

test('EX-23 clients take turns inside one priority, and a better priority goes before every turn', () => {
  const queue = queueOf(
    ['a1', 0, 'a'],
    ['a2', 0, 'a'],
    ['a3', 0, 'a'],
    ['b1', 0, 'b'],
    ['c1', 5, 'c'],
    ['b2', 0, 'b'],
    ['a4', -1, 'a'],
  )
  assert.is(queue.size, 7)
  assert.equal(drain(queue), ['a4', 'a1', 'b1', 'a2', 'b2', 'a3', 'c1'])
  assert.is(queue.size, 0)
})

test('for one client: first come first served', () => {
  const items = Array.from({ length: 100 }, (_, n) => `${n}`)
  assert.equal(drain(queueOf(...items.map((item) => [item, 0, ''] as const))), items)
})

test('ten of one client wait for ten rounds, whatever another has in the queue', () => {
  const queue = new FairQueue<string>()
  for (let n = 0; n < 10_000; n++) queue.push('big', 0, 'big')
  for (let n = 0; n < 100; n++) queue.shift()
  for (let n = 0; n < 10; n++) queue.push('small', 0, 'small')
  const order = drain(queue)
  assert.is(order.lastIndexOf('small'), 19)
})

test('who has left the queue and comes again has no earlier turn than others, nor a later one', () => {
  const queue = queueOf(['a1', 0, 'a'], ['b1', 0, 'b'], ['b2', 0, 'b'])
  assert.is(queue.shift(), 'a1')
  queue.push('a2', 0, 'a')
  queue.push('a3', 0, 'a')
  assert.equal(drain(queue), ['b1', 'a2', 'b2', 'a3'])
})

interface Waiting {
  readonly item: number
  readonly priority: number
  readonly client: string
  readonly place: FairPlace<number>
}

test('whatever is pushed, taken and removed: nothing is lost, priorities hold, and nobody is passed over twice', () => {
  const push = fc.record({
    push: fc.constant(true),
    priority: fc.integer({ min: 0, max: 1 }),
    client: fc.constantFrom('a', 'b', 'c'),
  })
  const step = fc.oneof({ weight: 3, arbitrary: push }, fc.constant('shift' as const), fc.record({ remove: fc.nat() }))
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 200 }), (steps) => {
      const queue = new FairQueue<number>()
      let waiting: Waiting[] = []
      /** How often each client was passed over since its line of a priority began, or had its last turn. */
      const passedOver = new Map<string, Map<string, number>>()
      let pushed = 0
      const leave = (gone: Waiting) => {
        waiting = waiting.filter((each) => each !== gone)
        const isEmpty = !waiting.some(({ priority, client }) => priority === gone.priority && client === gone.client)
        if (isEmpty) passedOver.delete(`${gone.priority} ${gone.client}`)
      }
      for (const each of steps) {
        if (each === 'shift') {
          const item = queue.shift()
          const taken = waiting.find((one) => one.item === item)
          assert.is(taken === undefined, waiting.length === 0)
          if (taken === undefined) continue
          const { priority, client } = taken
          assert.is(priority, Math.min(...waiting.map((one) => one.priority)))
          const own = waiting.filter((one) => one.priority === priority && one.client === client)
          assert.is(item, Math.min(...own.map((one) => one.item)), 'the first that came')
          for (const one of waiting) {
            if (one.priority !== priority || one.client === client) continue
            const key = `${priority} ${one.client}`
            const by = passedOver.get(key) ?? new Map<string, number>()
            passedOver.set(key, by)
          }
          for (const [key, by] of passedOver) {
            if (!key.startsWith(`${priority} `) || key === `${priority} ${client}`) continue
            by.set(client, (by.get(client) ?? 0) + 1)
            assert.ok((by.get(client) ?? 0) <= 1, `${key} was passed over by ${client} twice`)
          }
          passedOver.delete(`${priority} ${client}`)
          leave(taken)
        } else if ('push' in each) {
          const { priority, client } = each
          waiting.push({ item: pushed, priority, client, place: queue.push(pushed, priority, client) })
          pushed++
        } else {
          const gone = waiting[each.remove % Math.max(waiting.length, 1)]
          if (gone === undefined) continue
          queue.remove(gone.place)
          queue.remove(gone.place)
          leave(gone)
        }
        assert.is(queue.size, waiting.length)
      }
      assert.equal(
        drain(queue).sort((a, b) => a - b),
        waiting.map(({ item }) => item),
      )
    }),
  )
})

test.run()
