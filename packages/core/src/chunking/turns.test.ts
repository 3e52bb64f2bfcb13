import { deepEqual, equal, rejects } from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'uvu'
import { Turns } from './turns.js'

function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

test('so many at a time, the others in the order in which they came', async () => {
  const turns = new Turns(2)
  const gates = [gate(), gate(), gate(), gate()]
  const started: number[] = []
  const runs = gates.map(({ opened }, n) =>
    turns.run(async () => {
      started.push(n)
      await opened
      return n
    }),
  )
  await nextTurn()
  deepEqual(started, [0, 1])
  gates[1]?.open()
  await runs[1]
  await nextTurn()
  deepEqual(started, [0, 1, 2])
  for (const { open } of gates) open()
  deepEqual(await Promise.all(runs), [0, 1, 2, 3])
})

test('GEN-07: who leaves the line is not called, and keeps nobody from being', async () => {
  const turns = new Turns(1)
  const first = gate()
  const busy = turns.run(() => first.opened)
  const abort = new AbortController()
  const left = turns.run(async () => 'called', abort.signal)
  const next = turns.run(async () => 'called')
  abort.abort()
  await rejects(left, { name: 'AbortError' })
  first.open()
  await busy
  equal(await next, 'called')
  await rejects(
    turns.run(async () => 'called', abort.signal),
    { name: 'AbortError' },
  )
})

test('a failure ends a turn', async () => {
  const turns = new Turns(1)
  await rejects(turns.run(() => Promise.reject(new Error('failed'))))
  equal(await turns.run(async () => 'next'), 'next')
})

test.run()
