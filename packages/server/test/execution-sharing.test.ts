import { reapi } from '@gorego/core'
import { temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  all,
  execute,
  executeRequest,
  Gate,
  lastOf,
  run,
  shellAction,
  until,
  upload,
  waitExecution,
} from './actions.js'
import { paths } from './calls.js'
import { type CallFailure, failure } from './raw-client.js'
import { ServerRig } from './server-rig.js'

const { QUEUED, EXECUTING } = reapi.ExecutionStage.Value
const { OK } = reapi.RpcCode

const gates = temporaryDirectory()
let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ execution: { queueSize: 2 } })
})
test.after(async () => {
  await rig.stop()
  gates[Symbol.dispose]()
})

test('EX-18: equal actions of two clients run once, and each gets the result in an operation of its own', async () => {
  const gate = new Gate(gates.path)
  const script = `${gate.wait}; date +%s%N`
  using other = rig.connect()
  const action = await upload(rig.client, shellAction(script))
  const streams = [execute(rig.client, action), execute(other, action)]
  await Promise.all(streams.map((stream) => until(stream, EXECUTING)))
  await gate.open()
  const [one, two] = await Promise.all(streams.map(lastOf))
  assert.equal([one?.code, two?.code], [OK, OK])
  assert.is.not(one?.name, two?.name)
  assert.is(
    one?.response.getResult()?.getStdoutDigest()?.getHash(),
    two?.response.getResult()?.getStdoutDigest()?.getHash(),
  )
  assert.equal(
    [one, two].map((each) => each?.response.getCachedResult()),
    [false, false],
  )
})

test('EX-18: a client that leaves does not end what another one waits for', async () => {
  const gate = new Gate(gates.path)
  const leaving = rig.connect()
  const action = await upload(rig.client, shellAction(`${gate.wait}; echo still there`))
  const [first, second] = [execute(leaving, action), execute(rig.client, action)]
  await Promise.all([until(first, EXECUTING), until(second, EXECUTING)])
  leaving[Symbol.dispose]()
  await first.return(undefined)
  await gate.open()
  assert.is((await lastOf(second)).code, OK)
})

test('EX-16: actions that are not to be cached are not merged', async () => {
  const gate = new Gate(gates.path)
  const action = await upload(rig.client, shellAction(gate.wait, { doNotCache: true }))
  const first = execute(rig.client, action)
  await until(first, EXECUTING)
  const second = execute(rig.client, action)
  // There is one slot; merged, it would be executing by now.
  await until(second, QUEUED)
  for (const stream of [first, second]) {
    await gate.open()
    assert.is((await lastOf(stream)).code, OK)
  }
})

test('EX-10, GEN-02: with a full queue, calls are refused with RESOURCE_EXHAUSTED and when to come again', async () => {
  const cached = 'echo cached before the rush'
  assert.is((await run(rig.client, cached)).code, OK)
  const gate = new Gate(gates.path)
  const blocked = await upload(rig.client, shellAction(gate.wait))
  const running = execute(rig.client, blocked)
  await until(running, EXECUTING)
  const waiting = []
  for (const n of [1, 2]) {
    const stream = execute(rig.client, await upload(rig.client, shellAction(`echo waits ${n}`)))
    await until(stream, QUEUED)
    waiting.push(stream)
  }
  const refused = await upload(rig.client, shellAction('echo refused'))
  const error = await failure(rig.client.serverStream(paths.execute, executeRequest(refused)))
  assert.is(error.code, 'RESOURCE_EXHAUSTED')
  assert.ok(retryDelay(error) > 0, 'RetryInfo')
  // What is cached, and what is under way, is answered still.
  assert.is((await run(rig.client, cached)).response.getCachedResult(), true)
  const joined = execute(rig.client, blocked)
  await until(joined, EXECUTING)
  await gate.open()
  for (const stream of [running, joined, ...waiting]) assert.is((await lastOf(stream)).code, OK)
})

test('WX-01, WX-03: whoever waits is told the state at once, and the end; as often as one asks, also afterwards', async () => {
  const gate = new Gate(gates.path)
  const executing = execute(rig.client, await upload(rig.client, shellAction(`${gate.wait}; echo waited for`)))
  const { name } = await until(executing, EXECUTING)
  const waiters = [waitExecution(rig.client, name), waitExecution(rig.client, name)]
  const firsts = await Promise.all(waiters.map((waiter) => waiter.next()))
  assert.ok(firsts.every(({ value }) => value?.stage === EXECUTING && value.name === name))
  // The one who asked first goes; the others still get what they wait for.
  await executing.return(undefined)
  await gate.open()
  for (const waiter of waiters) assert.is((await lastOf(waiter)).code, OK)
  const later = await all(waitExecution(rig.client, name))
  assert.equal(
    later.map(({ code }) => code),
    [OK],
  )
})

test('WX-02: names that nobody has are NOT_FOUND', async () => {
  for (const name of ['', 'unknown', 'x'.repeat(10_000)]) {
    const request = new reapi.WaitExecutionRequest().setName(name)
    assert.is((await failure(rig.client.serverStream(paths.waitExecution, request))).code, 'NOT_FOUND')
  }
})

function retryDelay({ status }: CallFailure): number {
  const details = status?.getDetailsList() ?? []
  const infos = details.flatMap((any) => reapi.unpackAny(any, 'google.rpc.RetryInfo', reapi.RetryInfo) ?? [])
  const delay = infos[0]?.getRetryDelay()
  return delay === undefined ? 0 : reapi.durationToMillis(delay)
}

test.run()
