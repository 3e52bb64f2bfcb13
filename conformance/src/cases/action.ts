import { reapi } from '@gorego/core'
import { enoughTime } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import { altered, execute, uploadAction } from '../client/actions.js'
import { isCode } from '../client/codes.js'
import { endingOf, filesOf, stderrOf, stdoutOf } from '../client/results.js'
import { Cases } from '../suite/case.js'

export const action = new Cases((t) => t.needsExecution())
const { test } = action

const { OK, DEADLINE_EXCEEDED } = reapi.RpcCode

test(
  'AN-01, CL-15: timeouts of an hour and of a day are taken',
  async (t) => {
    for (const hours of [1, 24])
      assert.is((await t.run(t.shell(`echo ${hours}`, { timeoutMs: hours * 3_600_000 }))).code, OK)
  },
  { level: 'C' },
)

test('AN-01, AN-02: the maximum and the default can be set', async (t) => {
  const client = t.connect(await t.ownServer({ 'execution.max_timeout': 5, 'execution.default_timeout': 1 }))
  for (const [timeoutMs, script, code] of [
    [6000, 'true', 'INVALID_ARGUMENT'],
    [5000, 'sleep 1.5', 'OK'],
    [undefined, 'sleep 60', 'DEADLINE_EXCEEDED'],
  ] as const) {
    const each = t.shell(script, timeoutMs === undefined ? {} : { timeoutMs })
    await uploadAction(client, each)
    isCode(await endingOf(execute(client, each.digest)), code, String(timeoutMs))
  }
})

test('AN-02: an Action without a timeout has the server’s', async (t) => {
  assert.is((await t.run('echo none')).code, OK)
})

test(
  'AN-04: a timeout of zero is none',
  async (t) => {
    const zero = altered(t.shell('sleep 0.2; echo zero'), { action: (each) => each.setTimeout(new reapi.Duration()) })
    assert.is((await t.run(zero)).code, OK)
  },
  { level: 'D' },
)

test(
  'EX-12, ER-03, CL-18: an action beyond its time limit is DEADLINE_EXCEEDED, with what there is of it',
  async (t) => {
    const script = 'echo made > made; echo so far; echo error >&2; sleep 1000'
    const attempt = (timeoutMs: number) => t.run(t.shell(script, { timeoutMs, outputPaths: ['made', 'never'] }))
    const seen = await enoughTime(2000, attempt, async (each) => (await stderrOf(t.client, each)) !== '')
    assert.is(seen.code, DEADLINE_EXCEEDED)
    assert.equal([await stdoutOf(t.client, seen), await stderrOf(t.client, seen)], ['so far\n', 'error\n'])
    assert.equal(await filesOf(t.client, seen), { made: 'made\n' })
  },
  { level: 'S' },
)

test('EX-12: such an action is told in one way or the other', async (t) => {
  const each = t.shell('sleep 100', { timeoutMs: 500 })
  await uploadAction(t.client, each)
  isCode(await endingOf(execute(t.client, each.digest)), 'DEADLINE_EXCEEDED')
})

test('EX-12: a command that ignores the request to stop is stopped all the same', async (t) => {
  const { code } = await t.run(t.shell('trap "" TERM; while :; do sleep 100; done', { timeoutMs: 500 }))
  assert.is(code, DEADLINE_EXCEEDED)
})

test('EX-12: one that ends well when it is asked to stop has still not finished', async (t) => {
  const { code } = await t.run(t.shell('trap "exit 0" TERM; sleep 100 & wait', { timeoutMs: 500 }))
  assert.is(code, DEADLINE_EXCEEDED)
})

test('EM-02: the virtual duration is on the clock that enforces the time limit', async (t) => {
  const { result } = await t.run(t.shell('sleep 100', { timeoutMs: 1000 }))
  const took = result.getExecutionMetadata()?.getVirtualExecutionDuration()
  if (took === undefined) return t.notApplicable('the server tells no virtual_execution_duration')
  // From the limit to that and the grace until a command is gone; a duration in seconds or nanoseconds would be far off.
  const millis = reapi.durationToMillis(took)
  assert.ok(millis >= 990 && millis < 60_000, `${millis} ms`)
})
