import { reapi } from '@gorego/core'
import { type BuiltAction, blobOfSize } from '@gorego/core/testing'
import { executed, executeRequest, paths, shellAction, store, writeRequest } from './hostile-calls.js'
import { type Call, Connection } from './hostile-connection.js'
import { type Attack, attacked } from './hostile-server.js'
import { Random } from './random.js'
import type { Scenario } from './scenario.js'

const STAGE = reapi.ExecutionStage.Value

/** Up to where a client stays with an execution. */
type Stay = 'the call' | 'the first message' | 'QUEUED' | 'EXECUTING' | 'the result'

export const stays: readonly Stay[] = ['the call', 'the first message', 'QUEUED', 'EXECUTING', 'the result']

/** Clients that go away in the middle of executions and uploads. With others waiting these go on; with nobody they end. */
export const hostileDepartures: Scenario = {
  name: 'hostile-departures',
  about:
    'clients that disappear at each stage of an execution or upload: others get theirs, and nothing runs for nobody',
  rounds: 20,
  run: ({ seed, rounds, log }) =>
    attacked(async (attack) => {
      const random = new Random(seed)
      const { server } = attack
      let departures = 0
      let shared = 0
      for (let round = 0; round < rounds; round++) {
        for (const stay of stays) {
          await leaveAlone(attack.server.port, stay, random)
          await leaveOthers(attack, stay, random)
          departures += 2
          shared++
        }
        await leaveUploads(server.port, random)
        departures += UPLOADS
      }
      log(`${departures} departures, ${shared} of them from others who wanted the same`)
      return { departures, shared }
    }),
}

/** EX-19: nobody else wants it. It is long, so only being cancelled ends it in time; the aftermath looks whether it is. */
export async function leaveAlone(port: number, stay: Stay, random: Random): Promise<void> {
  using connection = await Connection.open(port)
  const script = stay === 'the result' ? 'echo done > out' : 'sleep 300'
  const action = shellAction(script)
  await store(connection, action.blobs)
  leave(connection, await stayed(connection, action, stay), random)
}

/** EX-18: somebody else waits for the same action, and gets its result. */
async function leaveOthers({ server, problems }: Attack, stay: Stay, random: Random): Promise<void> {
  using connection = await Connection.open(server.port)
  using other = await Connection.open(server.port)
  const action = shellAction('sleep 0.2; echo shared > out')
  await store(connection, action.blobs)
  const call = await stayed(connection, action, stay)
  const result = other.ask(paths.execute, executeRequest(action))
  leave(connection, call, random)
  const { ending, messages } = await result
  if (ending.code !== 0) problems.push(`with another client leaving after ${stay}: ${JSON.stringify(ending)}`)
  else {
    const response = executed(messages)
    if (response.getStatus()?.getCode() || response.getResult()?.getExitCode() !== 0) {
      problems.push(`with another client leaving after ${stay}: ${JSON.stringify(response.toObject())}`)
    }
  }
}

/** Executes, and returns when it is time to go. */
async function stayed(connection: Connection, action: BuiltAction, stay: Stay): Promise<Call> {
  const call = connection.call(paths.execute)
  call.send(executeRequest(action))
  call.end()
  if (stay !== 'the call') await reached(call, stay)
  return call
}

/** A stage may be over before its message is sent; any later one will do as well. */
async function reached(call: Call, stay: Stay): Promise<void> {
  for await (const message of call.messages()) {
    const operation = reapi.Operation.deserializeBinary(message)
    const metadata = reapi.ExecuteOperationMetadata.deserializeBinary(
      operation.getMetadata()?.getValue_asU8() ?? new Uint8Array(0),
    )
    const stage = metadata.getStage()
    if (stay === 'the first message' || stage === STAGE.COMPLETED) return
    if (stay === 'QUEUED' && stage >= STAGE.QUEUED) return
    if (stay === 'EXECUTING' && stage >= STAGE.EXECUTING) return
  }
}

function leave(connection: Connection, call: Call, random: Random): void {
  if (random.chance(0.5)) call.cancel()
  else connection[Symbol.dispose]()
}

const UPLOADS = 4

/** GEN-07: before the first message, after it, in the middle of one, and after the last byte but before the end was said. */
export async function leaveUploads(port: number, random: Random): Promise<void> {
  using connection = await Connection.open(port)
  const { digest, bytes } = blobOfSize(300_000, random.next())
  const begun = writeRequest(digest, { data: bytes.subarray(0, 100_000) })
  const stages: ((call: Call) => void)[] = [
    () => {},
    (call) => call.send(begun),
    (call) => call.sendRaw(begun.subarray(0, 50_000)),
    (call) => call.send(writeRequest(digest, { data: bytes })),
  ]
  const calls = stages.map((send) => {
    const call = connection.call(paths.write)
    send(call)
    return call
  })
  await connection.heard()
  for (const call of calls.slice(0, UPLOADS / 2)) call.cancel()
  await connection.heard()
}
