import { reapi } from '@gorego/core'
import * as assert from 'uvu/assert'
import { all, execute, lastOf, type Seen, unpack, until, uploadAction, waitExecution } from '../client/actions.js'
import { paths } from '../client/calls.js'
import { failure, type Sendable } from '../client/raw-client.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const operations = new Cases((t) => t.needsExecution())
const { test } = operations

const { EXECUTING, COMPLETED } = reapi.ExecutionStage.Value
const { OK, CANCELLED } = reapi.RpcCode

/** A call of google.longrunning.Operations, which is optional (OP-01). */
async function call(t: Tester, path: string, request: Sendable): Promise<Buffer> {
  try {
    return await t.client.unary(path, request)
  } catch (error) {
    if ((await failure(Promise.reject(error))).code === 'UNIMPLEMENTED') t.notApplicable(`${path} is not implemented`)
    throw error
  }
}

const operation = (bytes: Buffer) => unpack(reapi.Operation.deserializeBinary(bytes))
const get = async (t: Tester, name: string) =>
  operation(await call(t, paths.getOperation, new reapi.GetOperationRequest().setName(name)))
const cancel = (t: Tester, name: string) =>
  call(t, paths.cancelOperation, new reapi.CancelOperationRequest().setName(name))
const remove = (t: Tester, name: string) =>
  call(t, paths.deleteOperation, new reapi.DeleteOperationRequest().setName(name))

async function wait(t: Tester, name: string, timeout?: reapi.Duration): Promise<Seen> {
  return operation(
    await call(t, paths.waitOperation, new reapi.WaitOperationRequest().setName(name).setTimeout(timeout)),
  )
}

interface Page {
  readonly names: string[]
  readonly next: string
}

async function list(t: Tester, { size = 0, token = '', filter = '' } = {}): Promise<Page> {
  const request = new reapi.ListOperationsRequest()
    .setName(t.client.instance)
    .setPageSize(size)
    .setPageToken(token)
    .setFilter(filter)
  const response = reapi.ListOperationsResponse.deserializeBinary(await call(t, paths.listOperations, request))
  return { names: response.getOperationsList().map((each) => each.getName()), next: response.getNextPageToken() }
}

/** All of them, page by page: other cases have theirs in between. */
async function listAll(t: Tester, options: { size?: number; filter?: string } = {}): Promise<string[]> {
  const names: string[] = []
  let token = ''
  for (let pages = 0; pages < 1000; pages++) {
    const page = await list(t, { ...options, token })
    names.push(...page.names)
    if (page.next === '') return names
    token = page.next
  }
  throw new Error('a thousand pages and no end')
}

/** An action that runs until it is cancelled. */
async function started(t: Tester): Promise<{ stream: AsyncGenerator<Seen>; name: string }> {
  const action = t.shell('sleep 300')
  await uploadAction(t.client, action)
  const stream = execute(t.client, action.digest)
  const { name } = await until(stream, EXECUTING)
  t.finally(() =>
    t.client.unary(paths.cancelOperation, new reapi.CancelOperationRequest().setName(name)).then(
      () => {},
      () => {},
    ),
  )
  return { stream, name }
}

test('OP-01: a method or a service that there is not is UNIMPLEMENTED', async (t) => {
  for (const path of ['/google.longrunning.Operations/NoSuchMethod', '/some.Service/Method']) {
    assert.is((await failure(t.client.unary(path, Buffer.alloc(0)))).code, 'UNIMPLEMENTED')
  }
})

test('OP-02, CL-16: GetOperation tells the state of running and of completed operations', async (t) => {
  const { stream, name } = await started(t)
  const running = await get(t, name)
  assert.equal([running.name, running.stage, running.operation.getDone()], [name, EXECUTING, false])
  await stream.return(undefined)
  const done = await t.run('echo done')
  const { stage, operation, code, response } = await get(t, done.name)
  assert.equal([stage, operation.getDone(), code, response.hasResult()], [COMPLETED, true, OK, true])
})

test('OP-02, WX-02: every method says NOT_FOUND for a name that nobody has', async (t) => {
  const name = t.unique()
  for (const method of [get, cancel, remove, wait]) {
    assert.is((await failure(method(t, name))).code, 'NOT_FOUND')
  }
})

test('OP-02, EX-11, EX-04: a cancelled operation ends as CANCELLED in its response', async (t) => {
  const { stream, name } = await started(t)
  await cancel(t, name)
  const last = await lastOf(stream)
  assert.equal([last.code, last.operation.hasError(), last.stage], [CANCELLED, false, COMPLETED])
  assert.is((await get(t, name)).code, CANCELLED)
  // Once more does nothing.
  await cancel(t, name).catch(() => {})
  assert.is((await get(t, name)).code, CANCELLED)
  // The action is not taken for cancelled when somebody wants it again.
  assert.is((await t.run('echo next')).code, OK)
})

test('OP-02, CL-16: an operation can be waited for, and cancelled, after its stream was left', async (t) => {
  const { stream, name } = await started(t)
  await stream.return(undefined)
  const [last] = await Promise.all([lastOf(waitExecution(t.client, name)), cancel(t, name)])
  assert.is(last.code, CANCELLED)
})

test('OP-02: to cancel what is completed changes nothing', async (t) => {
  const { name } = await t.run('echo done')
  await cancel(t, name).catch(async (error) => assert.is((await failure(Promise.reject(error))).code, 'NOT_FOUND'))
  assert.is((await get(t, name)).code, OK)
})

test('OP-02, WX-02: a deleted operation is forgotten, and goes on', async (t) => {
  const action = t.shell('sleep 1; echo on')
  await uploadAction(t.client, action)
  const stream = execute(t.client, action.digest)
  const { name } = await until(stream, EXECUTING)
  await remove(t, name)
  assert.is((await failure(get(t, name))).code, 'NOT_FOUND')
  assert.is((await failure(all(waitExecution(t.client, name)))).code, 'NOT_FOUND')
  assert.not((await listAll(t)).includes(name))
  assert.is((await lastOf(stream)).code, OK)
})

test('OP-02: lists come page by page, each operation once', async (t) => {
  const names: string[] = []
  for (let n = 0; n < 3; n++) names.push((await t.run('echo the same')).name)
  const found = await listAll(t)
  assert.is(new Set(found).size, found.length)
  assert.equal(new Set(names.filter((name) => found.includes(name))), new Set(names))
  let token = ''
  const seen: string[] = []
  for (let pages = 0; pages < 3; pages++) {
    const page = await list(t, { size: 2, token })
    assert.ok(page.names.length <= 2)
    seen.push(...page.names)
    token = page.next
    if (token === '') break
  }
  assert.is(new Set(seen).size, seen.length)
})

test(
  'OP-02: what no page was asked for with is INVALID_ARGUMENT',
  async (t) => {
    for (const bad of [{ size: -1 }, { token: 'nonsense' }, { filter: 'name=x AND' }]) {
      assert.is((await failure(list(t, bad))).code, 'INVALID_ARGUMENT', JSON.stringify(bad))
    }
  },
  { level: 'D' },
)

test(
  'OP-02: a list can be of those that are done, or of those that are not',
  async (t) => {
    const { name: done } = await t.run('echo done')
    const { name: running } = await started(t)
    const lists = [await listAll(t, { filter: 'done=true' }), await listAll(t, { filter: ' done = false ' })]
    assert.equal(
      lists.map((names) => [names.includes(done), names.includes(running)]),
      [
        [true, false],
        [false, true],
      ],
    )
  },
  { level: 'D' },
)

test('OP-02: WaitOperation waits for the end, but not longer than it was told', async (t) => {
  const { name } = await started(t)
  const brief = new reapi.Duration().setNanos(50_000_000)
  for (const timeout of [brief, new reapi.Duration()]) assert.is((await wait(t, name, timeout)).stage, EXECUTING)
  const hour = new reapi.Duration().setSeconds(3600)
  const [one, two] = await Promise.all([wait(t, name), wait(t, name, hour), cancel(t, name)])
  assert.equal([one.code, two.code], [CANCELLED, CANCELLED])
  assert.is((await wait(t, name, brief)).code, CANCELLED)
})
