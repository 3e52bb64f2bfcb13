import { deepEqual, equal, rejects } from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'uvu'
import { closedLoop } from './closed-loop.js'
import { percentile } from './percentile.js'

test('every client has one operation under way, and each operation is done once', async () => {
  const done: number[] = []
  const busy = new Set<number>()
  const { operations, latencies } = await closedLoop({
    clients: 3,
    seconds: Number.POSITIVE_INFINITY,
    from: 10,
    limit: 20,
    async perform(client, operation) {
      equal(busy.has(client), false)
      busy.add(client)
      await nextTurn()
      busy.delete(client)
      done.push(operation)
    },
  })
  deepEqual(done, [10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
  equal(operations, 10)
  equal(latencies.length, 10)
})

test('an operation that fails ends the loop, after those that are under way', async () => {
  let ended = 0
  const loop = closedLoop({
    clients: 4,
    seconds: Number.POSITIVE_INFINITY,
    from: 0,
    limit: Number.POSITIVE_INFINITY,
    async perform(_client, operation) {
      if (operation === 0) throw new Error('the first one')
      await nextTurn()
      ended++
    },
  })
  await rejects(loop, /the first one/)
  equal(ended, 3)
})

test('percentiles are values that occurred', () => {
  const values = Array.from({ length: 200 }, (_, n) => 200 - n)
  equal(percentile(values, 0.5), 100)
  equal(percentile(values, 0.99), 198)
  equal(percentile([7], 0.99), 7)
  equal(percentile([], 0.5), undefined)
})

test.run()
