import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type ActionRun,
  GoregoError,
  type LogFields,
  MemoryStore,
  type OperationState,
  type Outcome,
  reapi,
  SpareTime,
  silentLogger,
} from '@gorego/core'
import { blobOf, FakeClock } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { DeterminismRecord } from './determinism-record.js'
import { DeterminismSampler } from './determinism-sampler.js'

const QUIET_MS = 200

/** A serialized result that was made at some time, by a command that printed something. */
function result(stdout: string, at = 0, exitCode = 0): Uint8Array {
  const metadata = new reapi.ExecutedActionMetadata().setExecutionStartTimestamp(reapi.timestampFromMillis(at))
  return new reapi.ActionResult()
    .setStdoutRaw(Buffer.from(stdout))
    .setExitCode(exitCode)
    .setExecutionMetadata(metadata)
    .serializeBinary()
}

const ended = (action: string, outcome: Outcome): OperationState => ({
  name: `operation of ${action}`,
  instance: '',
  action: blobOf(action).digest,
  stage: 'completed',
  createdAt: 0,
  enteredAt: { completed: 1 },
  labels: { target: '//a:b', mnemonic: 'Gen' },
  outcome,
})

/** A sampler over an executor of one slot whose runs the test ends. */
function rig({ rate = 1, random = () => 0.5, doNotCache = false } = {}) {
  const clock = new FakeClock()
  const record = new DeterminismRecord(rate)
  const logged: [string, LogFields][] = []
  const runs: { readonly run: ActionRun; readonly end: (outcome: Outcome) => void }[] = []
  let lookups = 0
  const executor = new SpareTime(
    {
      slots: 1,
      execute: (run, signal) =>
        new Promise<Outcome>((resolve) => {
          const cancelled = { failure: { code: 'cancelled' as const, message: '', details: [] }, cached: false }
          signal.addEventListener('abort', () => resolve(cancelled))
          runs.push({ run, end: resolve })
        }),
    },
    () => clock.now(),
  )
  const sampler = new DeterminismSampler({
    record,
    executor,
    clock,
    random,
    cas: new MemoryStore(),
    logger: { ...silentLogger, warn: (message, fields = {}) => void logged.push([message, fields]) },
    async lookup({ instance, action, skipCacheLookup }) {
      assert.ok(skipCacheLookup)
      if (lookups++ > 100) throw new GoregoError('not-found', 'evicted')
      return { run: { instance, action, doNotCache, timeoutMs: 1000 } }
    },
  })
  const pass = async (ms = QUIET_MS) => {
    clock.advance(ms)
    for (let turn = 0; turn < 10; turn++) await nextTurn()
  }
  return {
    ...{ sampler, record, executor, clock, logged, runs, pass },
    lookups: () => lookups,
    async end(outcome: Outcome) {
      runs.at(-1)?.end(outcome)
      await pass(0)
    },
  }
}

test('what does the same again is counted, whenever and by whom it was run', async () => {
  const { sampler, record, runs, pass, end, logged } = rig()
  sampler.note(ended('a', { result: result('same', 1), cached: false }))
  assert.is(runs.length, 0)
  await pass()
  assert.is(runs.length, 1)
  // The second result is not to be kept.
  assert.ok(runs[0]?.run.doNotCache)
  await end({ result: result('same', 2), cached: false })
  assert.equal(record.counts, { same: 1, different: 0, dropped: 0 })
  assert.equal([record.findings, logged], [[], []])
})

test('what differs is remembered and logged in one line, with target and mnemonic', async () => {
  const { sampler, record, pass, end, logged, clock } = rig()
  sampler.note(ended('a', { result: result('at 1', 1), cached: false }))
  await pass()
  await end({ result: result('at 2', 2), cached: false })
  assert.equal(record.counts, { same: 0, different: 1, dropped: 0 })
  const [finding] = record.findings
  assert.equal(finding, {
    instance: '',
    action: blobOf('a').digest,
    operation: 'operation of a',
    target: '//a:b',
    mnemonic: 'Gen',
    foundAt: clock.now(),
    differences: [{ subject: 'stdout', first: '"1"', second: '"2"', offset: 3 }],
    truncated: false,
  })
  assert.is(logged.length, 1)
  const { target, mnemonic, differs } = logged[0]?.[1] ?? {}
  assert.equal([target, mnemonic, differs], ['//a:b', 'Gen', ['stdout']])
  assert.equal(record.report('another').findings, [])
})

test('another exit code is a difference', async () => {
  const { sampler, record, pass, end } = rig()
  sampler.note(ended('a', { result: result('', 1), cached: false }))
  await pass()
  await end({ result: result('', 2, 3), cached: false })
  assert.equal(record.findings[0]?.differences, [{ subject: 'exit code', first: '0', second: '3' }])
})

test('hits, failures, do_not_cache, what was not chosen, and operations that shared a run are left out', async () => {
  const { sampler, runs, pass, end } = rig()
  sampler.note(ended('hit', { result: result(''), cached: true }))
  sampler.note(ended('failed', { result: result('', 0, 1), cached: false }))
  const failure = { code: 'deadline-exceeded', message: '', details: [] } as const
  sampler.note(ended('late', { result: result(''), failure, cached: false }))
  await pass()
  assert.is(runs.length, 0)
  const shared = { result: result(''), cached: false }
  sampler.note(ended('shared', shared))
  sampler.note(ended('shared', shared))
  await pass()
  await end(shared)
  await pass()
  assert.is(runs.length, 1)

  const careless = rig({ doNotCache: true })
  careless.sampler.note(ended('a', { result: result(''), cached: false }))
  await careless.pass()
  assert.equal([careless.runs.length, careless.record.counts.dropped], [0, 0])

  const picky = rig({ rate: 0.5, random: () => 0.5 })
  picky.sampler.note(ended('a', { result: result(''), cached: false }))
  await picky.pass()
  assert.is(picky.runs.length, 0)
})

test('nothing is read while slots are wanted; what is displaced is tried again, and given up in the end', async () => {
  const { sampler, record, executor, runs, pass, end, lookups } = rig()
  const wanted = (): ActionRun => ({
    ...{ instance: '', action: blobOf('wanted').digest, doNotCache: false, timeoutMs: 1, queuedAt: 0 },
  })
  const signal = new AbortController().signal
  let busy = executor.execute(wanted(), signal)
  sampler.note(ended('a', { result: result(''), cached: false }))
  for (let n = 0; n < 5; n++) await pass()
  assert.equal([runs.length, lookups()], [1, 0])
  for (const tries of [1, 2, 3]) {
    await end({ result: result(''), cached: false })
    await busy
    await pass()
    await pass()
    assert.is(lookups(), tries)
    assert.is(record.counts.dropped, 0)
    busy = executor.execute(wanted(), signal)
    await pass(0)
  }
  assert.is(record.counts.dropped, 1)
  await end({ result: result(''), cached: false })
  await busy
})

test('what cannot be run again is dropped, and so is what is too much', async () => {
  const { sampler, record, pass, end, runs } = rig()
  for (let n = 0; n < 105; n++) sampler.note(ended(String(n), { result: result(''), cached: false }))
  assert.is(record.counts.dropped, 5)
  await pass()
  await end({ failure: { code: 'failed-precondition', message: 'missing', details: [] }, cached: false })
  assert.is(record.counts.dropped, 6)
  await pass()
  assert.is(runs.length, 2)
  sampler[Symbol.dispose]()
  await pass()
  await pass()
  assert.equal([runs.length, record.counts], [2, { same: 0, different: 0, dropped: 6 }])
})

test('a hundred findings are kept, each action once, and long texts are cut', () => {
  const record = new DeterminismRecord(1)
  const finding = (action: string, foundAt: number) => ({
    ...{ instance: '', action: blobOf(action).digest, operation: '', foundAt, differences: [], truncated: false },
  })
  for (let n = 0; n < 101; n++) record.add(finding(String(n), n))
  record.add(finding('50', 1000))
  const { findings } = record.report('')
  assert.equal(
    [findings.length, findings[0]?.foundAt, findings[1]?.foundAt, findings.at(-1)?.foundAt],
    [100, 1000, 100, 1],
  )
})

test.run()
