import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { enoughTime } from './enough-time.js'
import { HANG_BOUND_MS } from './hang-bound.js'

test('what needs more time gets twice as much each time, and no more than it needs', async () => {
  const tried: number[] = []
  const attempt = async (ms: number) => tried.push(ms)
  assert.is(await enoughTime(100, attempt, () => (tried.at(-1) ?? 0) >= 400), 3)
  assert.equal(tried, [100, 200, 400])
})

test('what never comes is given up', async () => {
  let most = 0
  const attempt = async (ms: number) => {
    most = ms
    return 'nothing'
  }
  assert.is(await enoughTime(100, attempt, () => false), 'nothing')
  assert.ok(most > HANG_BOUND_MS / 4 && most < HANG_BOUND_MS)
})

test.run()
