import { reapi } from '@gorego/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Target } from '../target/target.js'
import { type CaseOptions, Cases } from './case.js'
import type { Outcome } from './outcome.js'
import { runCases } from './run-cases.js'
import type { Tester } from './tester.js'

/** A server that these cases do not call. */
const target: Target = {
  address: '127.0.0.1:1',
  secure: false,
  instance: '',
  capabilities: new reapi.ServerCapabilities(),
  own: undefined,
  stop: async () => {},
}

async function outcomeOf(title: string, run: (t: Tester) => Promise<void>, options: CaseOptions = {}) {
  const cases = new Cases()
  cases.test(title, run, options)
  const [outcome] = await runCases(cases.all, { target, width: 1 })
  return outcome as Outcome
}

test('what a case throws becomes its verdict', async () => {
  const fail = async () => assert.is(1, 2, 'one is not two')
  assert.is((await outcomeOf('BW-05: passes', async () => {})).verdict, 'passed')
  const failed = await outcomeOf('BW-05: a must', fail)
  assert.is(failed.verdict, 'failed')
  assert.is(failed.why, 'one is not two (expected 2, got 1)')
  assert.is((await outcomeOf('BW-12: a should', fail)).verdict, 'short')
  assert.is((await outcomeOf('BW-05: of the choice', fail, { level: 'D' })).verdict, 'differs')
})

test('what cannot be tried on this server says why', async () => {
  for (const [run, why] of [
    [async (t: Tester) => t.needsExecution(), /executes nothing/],
    [async (t: Tester) => t.needsZstd(), /no zstd/],
    [async (t: Tester) => t.needsDigestFunction(reapi.DigestFunction.Value.BLAKE3, 'BLAKE3'), /BLAKE3/],
    [async (t: Tester) => void (await t.ownServer({ log_level: 'debug' })), /log_level/],
    [async (t: Tester) => void t.own.pid, /files or processes/],
  ] as const) {
    const outcome = await outcomeOf('BW-05: not here', run)
    assert.is(outcome.verdict, 'not-applicable')
    assert.match(outcome.why ?? '', why)
  }
})

test('what is to be done at the end is done, the last thing first, also after a failure', async () => {
  const done: number[] = []
  await outcomeOf('BW-05: fails', async (t) => {
    for (const n of [1, 2, 3]) t.finally(() => void done.push(n))
    throw new Error('no')
  })
  assert.equal(done, [3, 2, 1])
})

test('several at once; outcomes in the order of the cases, each with content of its own', async () => {
  const cases = new Cases()
  const hashes = new Set<string>()
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  cases.test('BW-01: waits for the second', async (t) => {
    hashes.add(t.blob('x').digest.hash)
    assert.is(t.blob('x').digest.hash, t.blob('x').digest.hash)
    await gate
  })
  cases.test('BW-02: lets the first go on', async (t) => {
    hashes.add(t.blob('x').digest.hash)
    release()
  })
  const outcomes = await runCases(cases.all, { target, width: 2 })
  assert.equal(
    outcomes.map(({ ids, verdict }) => [...ids, verdict]),
    [
      ['BW-01', 'passed'],
      ['BW-02', 'passed'],
    ],
  )
  await runCases(cases.all.slice(1), { target, width: 1 })
  assert.is(hashes.size, 3)
})

test.run()
