import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'uvu'
import { howManyFrontEnds } from './how-many.js'

test('one up to 4 CPUs, then a quarter of their number, at most 16', () => {
  deepEqual(
    [1, 2, 4, 5, 8, 12, 32, 64, 256].map((cpus) => howManyFrontEnds(0, cpus)),
    [1, 1, 1, 2, 2, 3, 8, 16, 16],
  )
})

test('what is configured goes before', () => {
  equal(howManyFrontEnds(1, 64), 1)
  equal(howManyFrontEnds(3, 2), 3)
})

test.run()
