// What waits is kept, whoever speaks gRPC; and what could not be kept is named so that a client sends it again.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  execute,
  Gate,
  isMissing,
  lastOf,
  missingSubjects,
  type RawClient,
  run,
  type Seen,
  shell,
  stdoutOf,
  store,
  until,
  uploadAction,
} from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf, blobOfSize, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const { EXECUTING, QUEUED } = reapi.ExecutionStage.Value
const { OK, FAILED_PRECONDITION } = reapi.RpcCode

/** Of 100 blobs, and without any promise: what is not needed may go at once. */
const SMALL = { maxSizeGb: (100 * 4096) / 1e9, graceSeconds: 0 }

const gates = temporaryDirectory()
test.after(() => gates[Symbol.dispose]())

const inputs = { in: 'an input\n', d: { directory: { deep: 'deep down\n' } } }
const waits = () => shell('cat in d/deep', { inputs })

/** One action that has the only slot, and one behind it. */
async function queue(client: RawClient): Promise<{ gate: Gate; waiting: AsyncGenerator<Seen>; first: Promise<Seen> }> {
  const [begun, gate] = [new Gate(gates.path), new Gate(gates.path)]
  const running = execute(client, (await uploadAction(client, shell(`${begun.wait}; ${gate.wait}`))).digest)
  await until(running, EXECUTING)
  await begun.open()
  const waiting = execute(client, (await uploadAction(client, waits())).digest)
  await until(waiting, QUEUED)
  return { gate, waiting, first: lastOf(running) }
}

for (const frontEnds of [1, 2]) {
  test(`EX-06: what an action needs that waits stays while all else is evicted (${frontEnds} front ends)`, async () => {
    await using rig = await ServerRig.start({ frontEnds, localCache: SMALL })
    using other = rig.connect()
    const unneeded = blobOf('nobody needs this')
    await store(rig.client, unneeded)
    const { gate, waiting, first } = await queue(rig.client)
    for (let n = 0; n < 300; n++) await store(other, blobOfSize(4096, n))
    assert.ok(await isMissing(other, unneeded))
    await gate.open()
    assert.is((await first).code, OK)
    const ran = await lastOf(waiting)
    assert.is(ran.code, OK, ran.response.getStatus()?.getMessage())
    assert.is(await stdoutOf(rig.client, ran), 'an input\ndeep down\n')
  })
}

test('EX-06: what somebody removes all the same is named, every blob of it, and the action runs when it was sent again', async () => {
  await using rig = await ServerRig.start({ localCache: SMALL })
  const { gate, waiting, first } = await queue(rig.client)
  rmSync(join(rig.directory, 'cas', 'sha256'), { recursive: true })
  await gate.open()
  await first
  const lost = await lastOf(waiting)
  assert.is(lost.code, FAILED_PRECONDITION)
  const action = waits()
  assert.equal(missingSubjects(lost.response.getStatus()), [`blobs/${action.digest}`])
  // A client that sends only what was named, and asks again, comes to the end of it.
  let seen = lost
  for (let rounds = 0; seen.code === FAILED_PRECONDITION && rounds < 5; rounds++) {
    const subjects = missingSubjects(seen.response.getStatus())
    const asked = action.blobs.filter(({ digest }) => subjects.includes(`blobs/${digest}`))
    assert.is(asked.length, subjects.length)
    await store(rig.client, ...asked)
    seen = await lastOf(execute(rig.client, action.digest))
  }
  assert.is(seen.code, OK)
  assert.is((await run(rig.client, action)).code, OK)
})

test.run()
