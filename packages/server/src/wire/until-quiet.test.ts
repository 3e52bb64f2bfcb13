import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { untilQuiet } from './until-quiet.js'

/** For so long this process does nothing at all. */
const stall = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

/** Timers may be early by as much. */
const EARLY_MS = 2

test('it is quiet when no call has begun for the time, counted from the last one', async () => {
  let lastBegunAt = 0
  const quiet = untilQuiet({ lastBegunAt: () => lastBegunAt, boundMs: 600_000, quietMs: 50 })
  const rest = quiet.then(() => performance.now() - lastBegunAt)
  for (let n = 0; n < 3; n++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    lastBegunAt = performance.now()
  }
  assert.ok((await rest) >= 50 - EARLY_MS)
})

test('what came while the process had no turn counts', async () => {
  let lastBegunAt = 0
  const quiet = untilQuiet({ lastBegunAt: () => lastBegunAt, boundMs: 600_000, quietMs: 50 })
  setImmediate(() => {
    stall(100)
    // As what a socket has received: looked at in the next turn, after its timers, of which there is one now.
    setImmediate(() => {
      lastBegunAt = performance.now()
    })
  })
  await quiet
  assert.ok(lastBegunAt > 0 && performance.now() - lastBegunAt >= 50 - EARLY_MS)
})

test('the bound holds, however many calls come', async () => {
  await untilQuiet({ lastBegunAt: () => performance.now(), boundMs: 20 })
})

test.run()
