import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { actionOf, resultOf, settle } from '../testing/hand-driven.js'
import type { ActionRun } from './executor.js'
import type { Outcome } from './operation.js'
import { SpareTime } from './spare-time.js'

const QUIET_MS = 100

const run = (name: string): ActionRun => ({
  instance: '',
  action: actionOf(name),
  doNotCache: false,
  timeoutMs: 1000,
  queuedAt: 0,
})

/** An executor whose runs a test ends, by name; and a clock. */
function rig(slots: number) {
  const running = new Map<string, (outcome: Outcome) => void>()
  const started: string[] = []
  let now = 0
  const executor = {
    slots,
    execute: ({ action }: ActionRun, signal: AbortSignal) =>
      new Promise<Outcome>((resolve) => {
        started.push(action.hash)
        running.set(action.hash, resolve)
        const cancelled: Outcome = { failure: { code: 'cancelled', message: '', details: [] }, cached: false }
        signal.addEventListener('abort', () => resolve(cancelled))
      }),
  }
  const spareTime = new SpareTime(executor, () => now)
  const never = new AbortController().signal
  return {
    spareTime,
    execute: (name: string) => spareTime.execute(run(name), never),
    spare: (name: string, signal = never) => spareTime.executeIfIdle(run(name), QUIET_MS, signal),
    started: (name: string) => started.filter((hash) => hash === actionOf(name).hash).length,
    async end(name: string) {
      running.get(actionOf(name).hash)?.(resultOf(name))
      await settle()
    },
    pass(ms: number) {
      now += ms
    },
  }
}

test('what can wait runs in a slot that is free, one at a time', async () => {
  const { spareTime, execute, spare, end } = rig(3)
  assert.is(spareTime.slots, 3)
  const wanted = execute('wanted')
  const first = spare('first')
  assert.equal(await spare('second'), { kind: 'no-slot' })
  await end('first')
  assert.equal(await first, { kind: 'ran', outcome: resultOf('first') })
  const third = spare('third')
  await end('third')
  assert.is((await third).kind, 'ran')
  await end('wanted')
  assert.equal(await wanted, resultOf('wanted'))
})

test('not in one that was wanted a moment ago', async () => {
  const { execute, spare, end, pass } = rig(1)
  const wanted = execute('wanted')
  assert.equal(await spare('a'), { kind: 'no-slot' })
  pass(1000)
  await end('wanted')
  await wanted
  assert.equal(await spare('a'), { kind: 'no-slot' })
  pass(QUIET_MS - 1)
  assert.equal(await spare('a'), { kind: 'no-slot' })
  pass(1)
  const running = spare('a')
  await end('a')
  assert.is((await running).kind, 'ran')
})

test('it is ended for an action that would have to wait, and only for that', async () => {
  const { execute, spare, end, started } = rig(2)
  const running = spare('spare')
  const first = execute('first')
  await settle()
  assert.is(started('first'), 1)
  const second = execute('second')
  // Not beside it: that would be three.
  assert.is(started('second'), 0)
  assert.equal(await running, { kind: 'displaced' })
  await settle()
  assert.is(started('second'), 1)
  await end('first')
  await end('second')
  await Promise.all([first, second])
})

test('who asked for it can end it as well', async () => {
  const { spare } = rig(1)
  const stop = new AbortController()
  const running = spare('spare', stop.signal)
  stop.abort()
  const ended = await running
  assert.is(ended.kind === 'ran' && ended.outcome.failure?.code, 'cancelled')
})

test.run()
