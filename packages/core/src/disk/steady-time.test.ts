import { deepEqual } from 'node:assert/strict'
import { test } from 'uvu'
import { steadyTime } from './steady-time.js'

test('time that is set back goes on from where it was; time that leaps ahead is taken as it is', () => {
  const shown = [10, 15, 5, 6, 6, 100, 0, 1]
  const now = steadyTime(() => shown.shift() ?? 0)
  deepEqual([1, 2, 3, 4, 5, 6, 7, 8].map(now), [10, 15, 15, 16, 16, 110, 110, 111])
})

test.run()
