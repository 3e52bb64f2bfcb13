import { reapi } from '@gorego/core'
import * as assert from 'uvu/assert'
import { all, execute, lastOf, until, uploadAction, waitExecution } from '../client/actions.js'
import { failure } from '../client/raw-client.js'
import { Cases } from '../suite/case.js'

export const waitExecutions = new Cases((t) => t.needsExecution())
const { test } = waitExecutions

const { EXECUTING, COMPLETED } = reapi.ExecutionStage.Value
const { OK } = reapi.RpcCode

test('WX-01, WX-03: whoever waits is told the end; as many as ask, also after the one who started it left', async (t) => {
  const action = t.shell('sleep 2; echo waited for')
  await uploadAction(t.client, action)
  const executing = execute(t.client, action.digest)
  const { value: first } = await executing.next()
  const waiters = [t.client, t.connect(), t.connect()].map((client) => waitExecution(client, first.name))
  const firsts = await Promise.all(waiters.map((waiter) => waiter.next()))
  assert.ok(firsts.every(({ value }) => value?.name === first.name))
  await executing.return(undefined)
  for (const [n, waiter] of waiters.entries()) {
    // What comes after the action has ended is told in one message.
    const last = (await all(waiter)).at(-1) ?? firsts[n]?.value
    assert.equal([last.code, last.operation.getDone(), last.stage], [OK, true, COMPLETED])
  }
})

test('WX-01: the first message has the state of now', async (t) => {
  const gate = t.gate()
  const action = t.shell(`${gate.wait}; echo passed`)
  await uploadAction(t.client, action)
  const executing = execute(t.client, action.digest)
  const { name } = await until(executing, EXECUTING)
  const waiter = waitExecution(t.client, name)
  const { value: now } = await waiter.next()
  assert.equal([now.name, now.stage, now.operation.getDone()], [name, EXECUTING, false])
  await gate.open()
  for (const stream of [executing, waiter]) assert.is((await lastOf(stream)).code, OK)
})

test('WX-03: after completion the one message is the final operation, as often as one asks', async (t) => {
  const done = await t.run('echo over')
  for (let n = 0; n < 3; n++) {
    const seen = await all(waitExecution(t.client, done.name))
    assert.equal(
      seen.map(({ code, stage }) => [code, stage]),
      [[OK, COMPLETED]],
    )
    assert.equal(seen[0]?.result.toObject(), done.result.toObject())
  }
})

test('WX-03: so it is for one that failed', async (t) => {
  const action = t.shell('echo not sent')
  const failed = await lastOf(execute(t.client, action.digest)).catch(() => undefined)
  if (failed === undefined) return t.notApplicable('the server refuses the call, so that there is no operation')
  const again = await lastOf(waitExecution(t.client, failed.name))
  assert.equal([again.code, again.operation.hasError()], [failed.code, false])
})

test('WX-02: a name that nobody has is NOT_FOUND', async (t) => {
  for (const name of [t.unique(), 'operations/unknown', t.strangeHash()]) {
    assert.is((await failure(all(waitExecution(t.client, name)))).code, 'NOT_FOUND', name)
  }
})

test(
  'WX-02: and so is none, or a very long one',
  async (t) => {
    for (const name of ['', 'x'.repeat(10_000)]) {
      assert.is((await failure(all(waitExecution(t.client, name)))).code, 'NOT_FOUND', name)
    }
  },
  { level: 'D' },
)
