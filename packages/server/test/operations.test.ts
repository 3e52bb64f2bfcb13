import {
  execute,
  failure,
  Gate,
  lastOf,
  paths,
  run,
  type Seen,
  type Sendable,
  shell,
  unpack,
  until,
  uploadAction,
} from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const { EXECUTING } = reapi.ExecutionStage.Value
const { OK } = reapi.RpcCode

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
  const stream = execute(rig.client, (await uploadAction(rig.client, shell(`${gate.wait}; echo passed`))).digest)
  const { name } = await until(stream, EXECUTING)
  return { gate, stream, name }
}

test('OP-02: lists are in order of creation, page by page', async () => {
  assert.equal(await list(), { names: [], next: '' })
  const names: string[] = []
  for (let n = 0; n < 5; n++) names.push((await run(rig.client, shell('echo the same'))).name)
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

test('OP-02: a page is closed before its results are too much for a message', async () => {
  // A result of some 150 KB.
  const tail = 'x'.repeat(200)
  const outputPaths = Array.from({ length: 500 }, (_, n) => `${n}${tail}`)
  const names: string[] = []
  for (let n = 0; n < 18; n++) {
    names.push((await run(rig.client, shell(`for i in $(seq 0 499); do > "$i"${tail}; done`, { outputPaths }))).name)
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
