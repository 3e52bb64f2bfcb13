import { setImmediate as turn } from 'node:timers/promises'
import { FakeClock } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { IdleWatch } from './idle-watch.js'

function watch() {
  const clock = new FakeClock()
  const server = { idleMs: Number.POSITIVE_INFINITY, busy: false, idle: 0 }
  const watching = new IdleWatch({
    timeoutMs: 1000,
    idleMs: async () => server.idleMs,
    isBusy: () => server.busy,
    onIdle: () => void server.idle++,
    clock,
  })
  const pass = async (ms: number) => {
    clock.advance(ms)
    await turn()
  }
  return { clock, server, watching, pass }
}

test('nobody ever came: idle after the time, once', async () => {
  const { clock, server, pass } = watch()
  await pass(999)
  assert.is(server.idle, 0)
  await pass(1)
  assert.is(server.idle, 1)
  assert.is(clock.pending, 0)
})

test('a call counts from its end, and one under way for as long as it lasts', async () => {
  const { server, pass } = watch()
  server.idleMs = 0
  await pass(1000)
  server.idleMs = 400
  await pass(1000)
  assert.is(server.idle, 0)
  server.idleMs = 999
  await pass(600)
  assert.is(server.idle, 0)
  server.idleMs = 1000
  await pass(1)
  assert.is(server.idle, 1)
})

test('so does an action that nobody waits for', async () => {
  const { server, pass } = watch()
  server.busy = true
  await pass(1000)
  server.busy = false
  await pass(999)
  assert.is(server.idle, 0)
  await pass(1)
  assert.is(server.idle, 1)
})

test('a server that is stopped is not idle', async () => {
  const { clock, server, watching, pass } = watch()
  watching[Symbol.dispose]()
  await pass(5000)
  assert.equal([server.idle, clock.pending], [0, 0])
})

test.run()
