import {
  all,
  altered,
  execute,
  Gate,
  lastOf,
  missingSubjects,
  type SentAction,
  shell,
  until,
  uploadAction,
} from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const { EXECUTING, QUEUED } = reapi.ExecutionStage.Value
const { OK, FAILED_PRECONDITION, INVALID_ARGUMENT } = reapi.RpcCode

const family = process.platform === 'darwin' ? 'macos' : process.platform

const gates = temporaryDirectory()
let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ execution: { queueSize: 1, platform: [{ name: 'gpu', value: 'a100' }] } })
})
test.after(async () => {
  await rig.stop()
  gates[Symbol.dispose]()
})

function platformOf(...pairs: string[]): reapi.Platform {
  const properties = pairs.map((pair) => pair.split('=') as [string, string])
  return new reapi.Platform().setPropertiesList(
    properties.map(([name, value]) => new reapi.Platform.Property().setName(name).setValue(value)),
  )
}

/** An action that asks for something itself, or lets its Command do that as clients before REAPI 2.2 do. */
function asking(where: 'action' | 'command', script: string, ...pairs: string[]): SentAction {
  return altered(shell(script), {
    [where]: (message: reapi.Action | reapi.Command) => message.setPlatform(platformOf(...pairs)),
  })
}

async function outcome(action: SentAction): Promise<{ code: number; message: string }> {
  const { code, response } = await lastOf(execute(rig.client, (await uploadAction(rig.client, action)).digest))
  return { code, message: response.getStatus()?.getMessage() ?? '' }
}

test('PL-02, PL-04: what this machine is and what it is labelled with runs', async () => {
  const wishes = [`OSFamily=${family.toUpperCase()}`, 'gpu=a100', 'container-image=docker://somewhere/else']
  assert.is((await outcome(asking('action', 'echo fits', ...wishes))).code, OK)
})

test('EX-09, AN-06: what it is not does not, whoever asks for it', async () => {
  for (const where of ['action', 'command'] as const) {
    const { code, message } = await outcome(asking(where, 'echo elsewhere', 'OSFamily=plan9'))
    assert.is(code, FAILED_PRECONDITION)
    assert.match(message, /OSFamily = plan9.*OSFamily = \w+;.*execution\.platform/)
    assert.is((await outcome(asking(where, 'echo elsewhere', 'gpu=h100'))).code, FAILED_PRECONDITION)
    assert.match((await outcome(asking(where, 'echo elsewhere', 'colour=blue'))).message, /execution\.platform_policy/)
  }
  assert.is((await outcome(asking('action', 'x', `OSFamily=${family}`, 'OSFamily=plan9'))).code, INVALID_ARGUMENT)
})

test('EX-09: it is told at once, while another runs and also when the queue is full', async () => {
  const gate = new Gate(gates.path)
  const running = execute(rig.client, (await uploadAction(rig.client, shell(gate.wait))).digest)
  await until(running, EXECUTING)
  const impossible = await uploadAction(rig.client, asking('action', 'echo never', 'OSFamily=plan9'))
  const stages = async () => (await all(execute(rig.client, impossible.digest))).map(({ stage, code }) => [stage, code])
  assert.not((await stages()).some(([stage]) => stage === QUEUED))
  const queued = execute(rig.client, (await uploadAction(rig.client, shell('echo queued'))).digest)
  await until(queued, QUEUED)
  assert.equal((await stages()).at(-1)?.[1], FAILED_PRECONDITION)
  await gate.open()
  for (const stream of [running, queued]) assert.is((await lastOf(stream)).code, OK)
})

test('EX-06, AN-06: a Command that is missing is named with everything else that is', async () => {
  const input = blobOf('pl input')
  const action = shell('cat a', { inputs: { a: input.bytes } })
  const missing = [action.commandDigest, input.digest]
  await uploadAction(rig.client, action, { except: missing })
  const { code, response } = await lastOf(execute(rig.client, action.digest))
  assert.is(code, FAILED_PRECONDITION)
  assert.equal(missingSubjects(response.getStatus()), missing.map((digest) => `blobs/${digest}`).sort())
})

test('PL-01: what is ignored is a warning, once', () => {
  assert.equal(
    rig.complaints.map(({ level, fields }) => [level, fields.property]),
    [['warn', 'container-image']],
  )
})

test.run()
