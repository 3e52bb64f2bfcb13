import { setTimeout as pause } from 'node:timers/promises'
import { reapi } from '@gorego/core'
import * as assert from 'uvu/assert'
import { execute, type Seen, shell, unpack, until, uploadAction } from '../client/actions.js'
import { paths } from '../client/calls.js'
import { failure, type RawClient } from '../client/raw-client.js'
import { Cases } from '../suite/case.js'

/** Cases of actions that take long: they leave the slots of the server that other cases use alone. */
export const longLived = new Cases((t) => t.needsExecution())
const { test } = longLived

const { EXECUTING, COMPLETED } = reapi.ExecutionStage.Value

test(
  'EX-20, CL-11: a stream of an action that runs long says that it is alive',
  async (t) => {
    const client = await t.spareClient()
    const action = shell('sleep 65', { salt: t.unique() })
    await uploadAction(client, action)
    let stage = 0
    let longest = 0
    let said = performance.now()
    for await (const seen of execute(client, action.digest)) {
      longest = Math.max(longest, performance.now() - said)
      said = performance.now()
      stage = seen.stage
    }
    assert.ok(longest < 61_000, `nothing was heard for ${Math.round(longest / 1000)} s`)
    assert.is(stage, COMPLETED)
  },
  { slow: true },
)

test(
  'EX-19, CL-11: an operation that nobody waits for is ended after a grace',
  async (t) => {
    const client = await t.spareClient()
    const action = shell('sleep 280', { salt: t.unique() })
    await uploadAction(client, action)
    const stream = execute(client, action.digest)
    const { name } = await until(stream, EXECUTING)
    // To look is not to wait.
    const first = await look(client, name)
    if (first === undefined) t.notApplicable('GetOperation is not implemented, and there is no other way to look')
    await stream.return(undefined)
    // The usual grace is a minute.
    const last = await lookUntilDone(client, name, [75_000, 150_000])
    assert.equal([last?.operation.getDone(), last?.code], [true, reapi.RpcCode.CANCELLED])
  },
  { slow: true },
)

test('EX-19: so it is after one that was set', async (t) => {
  const client = t.connect(await t.ownServer({ 'execution.abandon_after': 1 }))
  const action = shell('sleep 280', { salt: t.unique() })
  await uploadAction(client, action)
  const stream = execute(client, action.digest)
  const { name } = await until(stream, EXECUTING)
  await stream.return(undefined)
  assert.is((await lookUntilDone(client, name, [2_000, 5_000, 20_000]))?.code, reapi.RpcCode.CANCELLED)
})

async function look(client: RawClient, name: string): Promise<Seen | undefined> {
  try {
    const bytes = await client.unary(paths.getOperation, new reapi.GetOperationRequest().setName(name))
    return unpack(reapi.Operation.deserializeBinary(bytes))
  } catch (error) {
    if ((await failure(Promise.reject(error))).code === 'UNIMPLEMENTED') return undefined
    throw error
  }
}

/** Looks seldom: on some servers whoever asks for an operation is waiting for it. */
async function lookUntilDone(client: RawClient, name: string, pausesMs: readonly number[]): Promise<Seen | undefined> {
  let seen: Seen | undefined
  for (const waitMs of pausesMs) {
    await pause(waitMs)
    seen = await look(client, name)
    if (seen === undefined || seen.operation.getDone()) break
  }
  return seen
}
