import { reapi } from '@gorego/core'
import { temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  all,
  execute,
  Gate,
  lastOf,
  run,
  type Seen,
  shellAction,
  unpack,
  until,
  upload,
  waitExecution,
} from './actions.js'
import { paths } from './calls.js'
import { failure, type Sendable } from './raw-client.js'
import { ServerRig } from './server-rig.js'

const { EXECUTING, COMPLETED } = reapi.ExecutionStage.Value
const { OK, CANCELLED } = reapi.RpcCode

const gates = temporaryDirectory()
let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start()
})
test.before.each(async () => {
  for (const name of (await list()).names) await remove(name)
})
test.after(async () => {
  await rig.stop()
  gates[Symbol.dispose]()
})

async function call(path: string, request: Sendable): Promise<Seen> {
  return unpack(reapi.Operation.deserializeBinary(await rig.client.unary(path, request)))
}

const get = (name: string) => call(paths.getOperation, new reapi.GetOperationRequest().setName(name))
const cancel = (name: string) =>
  rig.client.unary(paths.cancelOperation, new reapi.CancelOperationRequest().setName(name))
const remove = (name: string) =>
  rig.client.unary(paths.deleteOperation, new reapi.DeleteOperationRequest().setName(name))

function wait(name: string, timeout?: reapi.Duration): Promise<Seen> {
  const request = new reapi.WaitOperationRequest().setName(name)
  if (timeout !== undefined) request.setTimeout(timeout)
  return call(paths.waitOperation, request)
}

async function list({ size = 0, token = '', filter = '' } = {}): Promise<{ names: string[]; next: string }> {
  const request = new reapi.ListOperationsRequest().setPageSize(size).setPageToken(token).setFilter(filter)
  const response = reapi.ListOperationsResponse.deserializeBinary(await rig.client.unary(paths.listOperations, request))
  return { names: response.getOperationsList().map((each) => each.getName()), next: response.getNextPageToken() }
}

/** An action that has started and waits at a gate. */
async function started(): Promise<{ gate: Gate; stream: AsyncGenerator<Seen>; name: string }> {
  const gate = new Gate(gates.path)
  const stream = execute(rig.client, await upload(rig.client, shellAction(`${gate.wait}; echo passed`)))
  const { name } = await until(stream, EXECUTING)
  return { gate, stream, name }
}

test('OP-02: GetOperation tells the state of running and of completed operations', async () => {
  const { gate, stream, name } = await started()
  const running = await get(name)
  assert.equal([running.name, running.stage, running.operation.getDone()], [name, EXECUTING, false])
  await gate.open()
  await lastOf(stream)
  const done = await get(name)
  assert.equal([done.stage, done.operation.getDone(), done.code], [COMPLETED, true, OK])
  assert.ok(done.response.getResult())
})

test('OP-02, WX-02: every method says NOT_FOUND for a name that nobody has', async () => {
  for (const attempt of [get('nobody'), cancel('nobody'), remove('nobody'), wait('nobody')]) {
    assert.is((await failure(attempt)).code, 'NOT_FOUND')
  }
})

test('OP-02, EX-11, EX-04: a cancelled operation ends as CANCELLED in its response, and its command is ended', async () => {
  const { stream, name } = await started()
  await cancel(name)
  const last = await lastOf(stream)
  assert.is(last.code, CANCELLED)
  assert.not(last.operation.hasError())
  assert.is((await get(name)).code, CANCELLED)
  // Its slot is free again: there is only one.
  assert.is((await run(rig.client, 'echo next')).code, OK)
  // Once more does nothing.
  await cancel(name)
  assert.is((await get(name)).code, CANCELLED)
})

test('OP-02: to cancel what is completed changes nothing', async () => {
  const { name } = await run(rig.client, 'echo done')
  await cancel(name)
  assert.is((await get(name)).code, OK)
})

test('OP-02: a deleted operation is forgotten, and goes on', async () => {
  const { gate, stream, name } = await started()
  await remove(name)
  assert.is((await failure(get(name))).code, 'NOT_FOUND')
  assert.is((await failure(all(waitExecution(rig.client, name)))).code, 'NOT_FOUND')
  await gate.open()
  assert.is((await lastOf(stream)).code, OK)
  assert.is((await failure(get(name))).code, 'NOT_FOUND')
})

test('OP-02: lists are in order of creation, page by page', async () => {
  assert.equal(await list(), { names: [], next: '' })
  const names: string[] = []
  for (let n = 0; n < 5; n++) names.push((await run(rig.client, 'echo the same')).name)
  assert.equal(await list(), { names, next: '' })
  for (const size of [1, 2, 4, 5, 100_000]) {
    const found: string[] = []
    let token = ''
    do {
      const page = await list({ size, token })
      assert.ok(page.names.length <= size)
      found.push(...page.names)
      token = page.next
    } while (token !== '')
    assert.equal(found, names)
  }
  const bad = [{ size: -1 }, { token: 'nonsense' }, { filter: 'name=x' }].map((options) => failure(list(options)))
  for (const { code } of await Promise.all(bad)) assert.is(code, 'INVALID_ARGUMENT')
})

test('OP-02: a list can be of those that are done, or of those that are not', async () => {
  const { name: done } = await run(rig.client, 'echo done')
  const { gate, stream, name: running } = await started()
  assert.equal((await list({ filter: 'done=true' })).names, [done])
  assert.equal((await list({ filter: ' done = false ' })).names, [running])
  assert.equal((await list({ filter: '' })).names, [done, running])
  await gate.open()
  await lastOf(stream)
  assert.equal((await list({ filter: 'done=false' })).names, [])
})

test('OP-02: a page is closed before its results are too much for a message', async () => {
  // A result of some 150 KB.
  const tail = 'x'.repeat(200)
  const outputs = Array.from({ length: 500 }, (_, n) => `${n}${tail}`)
  const names: string[] = []
  for (let n = 0; n < 18; n++) {
    names.push((await run(rig.client, `for i in $(seq 0 499); do > "$i"${tail}; done`, { outputs })).name)
  }
  const first = await list()
  assert.ok(first.names.length < 18 && first.next !== '')
  assert.equal([...first.names, ...(await list({ token: first.next })).names], names)
})

test('OP-02: WaitOperation waits for the end, but not longer than it was told', async () => {
  const { gate, stream, name } = await started()
  const brief = new reapi.Duration().setNanos(50_000_000)
  assert.is((await wait(name, brief)).stage, EXECUTING)
  assert.is((await wait(name, new reapi.Duration())).stage, EXECUTING)
  assert.is((await wait(name, new reapi.Duration().setSeconds(-5))).stage, EXECUTING)
  const ages = new reapi.Duration().setSeconds(300_000_000_000)
  const waiting = [wait(name), wait(name, ages)]
  await gate.open()
  for (const each of waiting) assert.is((await each).code, OK)
  assert.is((await wait(name, brief)).code, OK)
  await lastOf(stream)
  const bad = new reapi.Duration().setNanos(2_000_000_000)
  assert.is((await failure(wait(name, bad))).code, 'INVALID_ARGUMENT')
})

test.run()
