import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Clock } from '../observe/index.js'
import { DEFAULT_POLICY, toPlainDigest } from '../runner/index.js'
import { type BuiltAction, buildAction } from '../testing/action-builder.js'
import { FakeClock } from '../testing/fake-clock.js'
import { HANG_BOUND_MS } from '../testing/hang-bound.js'
import { isRunning } from '../testing/is-running.js'
import { until } from '../testing/until.js'
import { WorkerRig } from '../testing/worker-rig.js'
import { NearestSlot } from './nearest-slot.js'
import { runnerProgram } from './runner-program.js'
import { Slot } from './slot.js'
import { IDLE_MS, Slots, type TakeableSlot } from './slots.js'

/** A slot whose runner is a number. */
class FakeSlot implements TakeableSlot {
  readonly inputRoot = undefined
  readonly restoring = false
  pid: number | undefined
  /** Ends that are waited for. */
  readonly ends: (() => void)[] = []

  constructor(readonly name: string) {}

  stop(): Promise<void> {
    this.pid = undefined
    return new Promise((resolve) => this.ends.push(resolve))
  }
}

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open()
})
test.after(async () => {
  await rig.close()
})

/** Lets the end of a slot's runner be over. */
async function ended(slot: FakeSlot): Promise<void> {
  for (const end of slot.ends) end()
  await nextTurn()
}

/** Three slots and a clock; `use` takes as many as it is given names for, in turn, and frees them in that order. */
function threeSlots(setBackMs = () => 0) {
  const clock = new FakeClock()
  const shown: Clock = { now: () => clock.now() - setBackMs(), after: (ms, callback) => clock.after(ms, callback) }
  const all = ['a', 'b', 'c'].map((name) => new FakeSlot(name))
  const slots = new Slots({ all, nearest: new NearestSlot(rig.store), clock: shown })
  const take = async () => {
    const slot = await slots.take(undefined)
    slot.pid = 1
    return slot
  }
  const alive = () => all.flatMap(({ name, pid }) => (pid === undefined ? [] : [name])).join('')
  return { clock, all, slots, take, alive }
}

test('runners that nobody has used for long are ended, one after the other, but for the one that was used last', async () => {
  const { clock, all, slots, take, alive } = threeSlots()
  const [a, b, c] = [await take(), await take(), await take()]
  for (const slot of [a, b, c]) slots.release(slot)
  clock.advance(IDLE_MS - 1)
  assert.is(alive(), 'abc')
  clock.advance(1)
  assert.is(alive(), 'bc')
  await ended(a)
  assert.is(alive(), 'c')
  await ended(b)
  clock.advance(2 * IDLE_MS)
  assert.is(alive(), 'c')
  assert.equal(all.map(({ ends }) => ends.length).join(''), '110')
  assert.is(clock.pending, 0, 'nothing is looked for any more')
})

test('each has its own time, and one that is taken has none', async () => {
  const { clock, slots, take, alive } = threeSlots()
  const [a, b, c] = [await take(), await take(), await take()]
  for (const slot of [a, b, c]) {
    slots.release(slot)
    clock.advance(IDLE_MS / 4)
  }
  clock.advance(IDLE_MS / 4)
  await ended(a)
  assert.is(alive(), 'bc')
  assert.is((await take()).name, 'c')
  clock.advance(IDLE_MS)
  assert.is(alive(), 'bc', 'the one used last of those that are free stays')
  await nextTurn()
  slots.release(c)
  clock.advance(0)
  assert.is(alive(), 'c')
})

test('a clock that is set back keeps no runner longer', async () => {
  let setBackMs = 0
  const { clock, slots, take, alive } = threeSlots(() => setBackMs)
  const [a, b, c] = [await take(), await take(), await take()]
  for (const slot of [a, b]) slots.release(slot)
  setBackMs = 24 * 3_600_000
  slots.release(c)
  clock.advance(IDLE_MS)
  await ended(a)
  assert.is(alive(), 'c')
})

test('a slot whose runner is being ended is nobody’s until that is over', async () => {
  const { clock, slots, take } = threeSlots()
  const [a, b] = [await take(), await take()]
  for (const slot of [a, b, await take()]) slots.release(slot)
  clock.advance(IDLE_MS)
  assert.equal([(await take()).name, (await take()).name], ['c', 'b'])
  let taken = false
  const taking = take().then((slot) => {
    taken = true
    return slot
  })
  await nextTurn()
  assert.is(taken, false)
  await ended(a)
  assert.is(await taking, a)
})

test('the next action of a slot whose runner was ended has another one, and starts from its inputs', async () => {
  const clock = new FakeClock()
  const program = runnerProgram()
  const all = ['one', 'other'].map((name) => {
    const setup = {
      kind: 'setup',
      storeRoot: rig.store.layout.root,
      temporary: rig.store.workDirectory(`temporary-${name}`),
      directory: join(rig.store.workDirectory('own'), name),
      workerName: 'own',
      policy: DEFAULT_POLICY,
      launcher: program.launcher,
      sandbox: undefined,
      user: undefined,
    } as const
    return new Slot(program, setup, new Set())
  })
  await using slots = new Slots({ all, nearest: new NearestSlot(rig.store), clock })
  const runIn = async (slot: Slot, { digest, inputRootDigest: inputRoot }: BuiltAction) => {
    const job = { action: toPlainDigest(digest), timeoutMs: HANG_BOUND_MS, network: false, queuedAt: Date.now() }
    const run = { inputRoot }
    const answer = await slot.run(job, run, new AbortController().signal)
    return answer.kind === 'answered' && answer.reply.kind === 'ran' ? answer.reply.exitCode : answer
  }
  const action = async (script: string) => {
    const built = buildAction({ argv: ['/bin/sh', '-c', script], inputs: { in: 'an input' } })
    await built.upload(rig.store)
    return built
  }
  const leave = await action('echo more > left')
  const both = [await slots.take(undefined), await slots.take(undefined)]
  assert.equal(await Promise.all(both.map((slot) => runIn(slot, leave))), [0, 0])
  const pids = both.map(({ pid }) => pid ?? 0)
  for (const slot of both) slots.release(slot)
  clock.advance(IDLE_MS)
  await until('the end of one', () => both[0]?.pid === undefined)
  assert.equal([isRunning(pids[0] ?? 0), both[1]?.pid], [false, pids[1]])
  const look = await action('test "$(ls)" = in && test "$(cat in)" = "an input"')
  const again = [await slots.take(undefined), await slots.take(undefined)]
  assert.equal(await Promise.all(again.map((slot) => runIn(slot, look))), [0, 0])
  for (const slot of again) slots.release(slot)
})

test.run()
