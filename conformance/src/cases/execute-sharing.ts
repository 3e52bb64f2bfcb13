import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { reapi } from '@gorego/core'
import { temporaryDirectory } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import { all, execute, executeRequest, lastOf, run, type Seen, until, uploadAction } from '../client/actions.js'
import { paths } from '../client/calls.js'
import { failure } from '../client/raw-client.js'
import { stdoutOf } from '../client/results.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const executeSharing = new Cases((t) => t.needsExecution())
const { test } = executeSharing

const { QUEUED, EXECUTING } = reapi.ExecutionStage.Value
const { OK } = reapi.RpcCode
const CLOCK = 'date +%s%N'

test('EX-18: equal actions of two clients end for both of them', async (t) => {
  const other = t.connect()
  const action = t.shell(`sleep 1; ${CLOCK}`)
  await uploadAction(t.client, action)
  const ends = await Promise.all([t.client, other].map((client) => lastOf(execute(client, action.digest))))
  assert.equal(
    ends.map(({ code }) => code),
    [OK, OK],
  )
  for (const end of ends) assert.match(await stdoutOf(t.client, end), /^\d+\n$/)
})

test(
  'EX-18: they run once, and each client has an operation of its own',
  async (t) => {
    const gate = t.gate()
    const action = t.shell(`${gate.wait}; ${CLOCK}`)
    await uploadAction(t.client, action)
    const streams = [t.client, t.connect()].map((client) => execute(client, action.digest))
    await Promise.all(streams.map((stream) => until(stream, EXECUTING)))
    await gate.open()
    const [one, two] = await Promise.all(streams.map(lastOf))
    assert.ok(one && two)
    assert.is.not(one.name, two.name)
    assert.is(await stdoutOf(t.client, one), await stdoutOf(t.client, two))
    assert.equal([one.response.getCachedResult(), two.response.getCachedResult()], [false, false])
  },
  { level: 'D' },
)

test('EX-18: a client that leaves does not end what another one waits for', async (t) => {
  const leaving = t.connect()
  const action = t.shell('sleep 2; echo still there')
  await uploadAction(t.client, action)
  const [first, second] = [execute(leaving, action.digest), execute(t.client, action.digest)]
  // Of a server that took longer than the action, it may be all that there is.
  const [, { value: start }] = await Promise.all([first.next(), second.next()])
  await first.return(undefined)
  leaving[Symbol.dispose]()
  const last = (await all(second)).at(-1) ?? start
  assert.equal([last.code, await stdoutOf(t.client, last)], [OK, 'still there\n'])
})

test('EX-18, GEN-04: actions of different instances are not merged', async (t) => {
  t.own
  const action = t.shell(`sleep 1; ${CLOCK}`)
  await uploadAction(t.client, action)
  const requests = ['one', 'two'].map((name) => executeRequest(t.client, action.digest).setInstanceName(name))
  const ends = await Promise.all(requests.map((request) => lastOf(execute(t.client, request))))
  const [one, two] = await Promise.all(ends.map((end) => stdoutOf(t.client, end)))
  assert.is.not(one, two)
})

test('EX-10, GEN-02: with a full queue, calls are refused with RESOURCE_EXHAUSTED and when to come again', async (t) => {
  const server = await t.ownServer({ 'execution.concurrency': 1, 'execution.queue_size': 1 })
  const [client, gate] = [t.connect(server), t.gate(server)]
  const sent = async (script: string) => {
    const action = t.shell(script)
    await uploadAction(client, action)
    return action.digest
  }
  const cached = await sent('echo cached before the rush')
  assert.is((await lastOf(execute(client, cached))).code, OK)
  const blocked = await sent(gate.wait)
  const running = execute(client, blocked)
  await until(running, EXECUTING)
  const waiting = execute(client, await sent('echo waits'))
  await until(waiting, QUEUED)
  const refused = executeRequest(client, await sent('echo refused'))
  const { code, status } = await failure(client.serverStream(paths.execute, refused))
  assert.is(code, 'RESOURCE_EXHAUSTED')
  const infos = (status?.getDetailsList() ?? []).map((any) =>
    reapi.unpackAny(any, 'google.rpc.RetryInfo', reapi.RetryInfo)?.getRetryDelay(),
  )
  assert.ok(
    infos.some((delay) => delay !== undefined && reapi.durationToMillis(delay) > 0),
    'RetryInfo',
  )
  // What is cached, and what is under way, is answered still.
  assert.is((await lastOf(execute(client, cached))).response.getCachedResult(), true)
  const joined = execute(client, blocked)
  await until(joined, EXECUTING)
  await gate.open()
  for (const stream of [running, joined, waiting]) assert.is((await lastOf(stream)).code, OK)
})

test('EX-23, AN-03: lower priorities first, equal ones in their order; waiting does not count against the time limit', async (t) => {
  const server = await t.ownServer({ 'execution.concurrency': 1 })
  const [client, gate] = [t.connect(server), t.gate(server)]
  const directory = temporaryDirectory()
  t.finally(() => directory[Symbol.dispose]())
  const log = join(directory.path, 'log')
  const streams: AsyncGenerator<Seen>[] = []
  const queue = async (name: string, priority: number, timeoutMs?: number) => {
    const action = t.shell(`echo ${name} >> '${log}'; test ${name} != slow || sleep 5.5`, {
      ...(timeoutMs && { timeoutMs }),
    })
    await uploadAction(client, action)
    const policy = new reapi.ExecutionPolicy().setPriority(priority)
    const stream = execute(client, executeRequest(client, action.digest).setExecutionPolicy(policy))
    await until(stream, QUEUED)
    streams.push(stream)
  }
  const held = t.shell(gate.wait)
  await uploadAction(client, held)
  const first = execute(client, held.digest)
  await until(first, EXECUTING)
  // The last ones wait longer than they may run.
  await queue('last', 900, 5000)
  await queue('low', 5)
  await queue('slow', 0)
  await queue('second', 0)
  await queue('urgent', -5)
  await gate.open()
  for (const stream of [first, ...streams]) assert.is((await lastOf(stream)).code, OK)
  assert.equal(readFileSync(log, 'utf8').trim().split('\n'), ['urgent', 'slow', 'second', 'low', 'last'])
})

test('EX-23: priorities are taken, those out of range as the nearest in range', async (t) => {
  const action = t.shell('echo priority')
  await uploadAction(t.client, action)
  for (const priority of [-2_000_000_000, 0, 2_000_000_000]) {
    const policy = new reapi.ExecutionPolicy().setPriority(priority)
    const request = executeRequest(t.client, action.digest).setExecutionPolicy(policy)
    assert.is((await lastOf(execute(t.client, request))).code, OK)
  }
})

test(
  'EX-23, CP-07: priorities at both ends of what is advertised are taken',
  async (t) => {
    const ranges =
      t.capabilities.getExecutionCapabilities()?.getExecutionPriorityCapabilities()?.getPrioritiesList() ?? []
    if (ranges.length === 0) t.notApplicable('the server advertises no priorities')
    for (const priority of ranges.flatMap((range) => [range.getMinPriority(), range.getMaxPriority()])) {
      const action = t.shell(`echo ${priority}`)
      await uploadAction(t.client, action)
      const policy = new reapi.ExecutionPolicy().setPriority(priority)
      const request = executeRequest(t.client, action.digest).setExecutionPolicy(policy)
      assert.is((await lastOf(execute(t.client, request))).code, OK)
    }
  },
  { level: 'M' },
)

/** For the next two: it ends the process that runs it, on a server of ours without a sandbox. */
const KILL_THE_WORKER = 'kill -9 $PPID'

test('EX-21: an action whose worker dies is run again', async (t) => {
  const marker = join(markerDirectory(t), 'died')
  const seen = await t.run(`test -e '${marker}' || { : > '${marker}'; ${KILL_THE_WORKER}; sleep 60; }; echo survived`)
  assert.equal([seen.code, await stdoutOf(t.client, seen)], [OK, 'survived\n'])
})

test('EX-13: one that kills every worker is INTERNAL, and the next one runs', async (t) => {
  // On a server of its own: it is an error of ours, which that server rightly logs.
  const client = t.connect(await t.ownServer())
  const { code, operation } = await run(client, t.shell(`${KILL_THE_WORKER}; sleep 60`))
  assert.is(code, reapi.RpcCode.INTERNAL)
  assert.not(operation.hasError())
  assert.is((await run(client, t.shell('echo next'))).code, OK)
})

function markerDirectory(t: Tester): string {
  t.own
  const directory = temporaryDirectory()
  t.finally(() => directory[Symbol.dispose]())
  return directory.path
}
