import { reapi } from '@gorego/core'
import { blobOfSize, type TestBlob } from '@gorego/core/testing'
import { executeRequest, paths, readRequest, shellAction, store, upload, writeRequest } from './hostile-calls.js'
import { type Call, Connection } from './hostile-connection.js'
import { attacked, CLIENT_FAULTS } from './hostile-server.js'
import { Random } from './random.js'
import type { Scenario } from './scenario.js'

const MIB = 1024 * 1024
const STREAMS_A_CONNECTION = 25

/** Begins a call that goes on until somebody ends it. */
type Opening = (connection: Connection, random: Random) => Call | Promise<Call>

/** What a client may do to all its calls at once. */
const departures: Readonly<Record<string, (connection: Connection, calls: readonly Call[]) => unknown>> = {
  cancelled: (_, calls) => {
    for (const call of calls) call.cancel()
  },
  destroyed: (connection) => connection[Symbol.dispose](),
  'half-closed': (_, calls) => {
    for (const call of calls) call.end()
    // BW-04: an upload that ends so is answered.
    return Promise.all(calls.filter(({ path }) => path === paths.write).map((call) => call.readAll()))
  },
  'said good-bye to': (connection) => connection.session.goaway(),
}

/** Streams of every kind, opened and dropped in every way, some as soon as they are open, some when an answer has come. */
export const hostileStreams: Scenario = {
  name: 'hostile-streams',
  about: 'Read, Write, Split, Execute and WaitExecution calls that are opened and dropped, in several ways',
  rounds: 40,
  run: ({ seed, rounds, log }) =>
    attacked(async ({ server, problems }) => {
      const random = new Random(seed)
      const openings = await prepare(server.port)
      const ways = Object.entries(departures)
      let streams = 0
      let answered = 0
      for (let round = 0; round < rounds; round++) {
        const [way, depart] = ways[round % ways.length] as (typeof ways)[number]
        using connection = await Connection.open(server.port)
        const calls: Call[] = []
        for (let n = 0; n < STREAMS_A_CONNECTION; n++) calls.push(await random.pick(openings)(connection, random))
        if (random.chance(0.7)) await Promise.race(calls.map((call) => call.answered()))
        await depart(connection, calls)
        // Who is not gone yet goes once the server has heard of it.
        await connection.heard()
        connection[Symbol.dispose]()
        for (const { code } of await Promise.all(calls.map((call) => call.ended))) {
          streams++
          if (code === undefined) continue
          answered++
          if (!CLIENT_FAULTS.has(code)) problems.push(`a stream that was ${way} ended with code ${code}`)
        }
      }
      log(`${answered} of ${streams} streams had an ending before they were dropped`)
      return { streams }
    }),
}

async function prepare(port: number): Promise<Opening[]> {
  using connection = await Connection.open(port)
  const large = blobOfSize(8 * MIB, 'large')
  const shared = shellAction('sleep 60', 'shared')
  await upload(connection, large)
  await store(connection, shared.blobs)
  return [
    (each) => begin(each, paths.read, readRequest(large.digest)),
    (each, random) => begin(each, paths.write, beginning(blobOfSize(2 * MIB, random.next()))),
    (each) => begin(each, paths.splitBlob, splitRequest(large)),
    (each) => begin(each, paths.execute, executeRequest(shared)),
    async (each) => {
      const own = shellAction('sleep 60')
      await store(each, own.blobs)
      return begin(each, paths.execute, executeRequest(own))
    },
    async (each) => {
      const execution = begin(each, paths.execute, executeRequest(shared))
      const name = await operationName(execution)
      return begin(each, paths.waitExecution, new reapi.WaitExecutionRequest().setName(name).serializeBinary())
    },
  ]
}

function begin(connection: Connection, path: string, message: Uint8Array): Call {
  const call = connection.call(path)
  call.send(message)
  // The server begins with a call of one message when the client has no more to say.
  if (path !== paths.write) call.end()
  return call
}

function splitRequest({ digest }: TestBlob): Uint8Array {
  return new reapi.SplitBlobRequest().setBlobDigest(reapi.toDigestMessage(digest)).serializeBinary()
}

/** The first message of an upload that has more to come. */
function beginning({ digest, bytes }: TestBlob): Uint8Array {
  return writeRequest(digest, { data: bytes.subarray(0, 100_000) })
}

async function operationName(execution: Call): Promise<string> {
  const first = await new Promise<Buffer>((resolve) => execution.stream.once('data', resolve))
  return reapi.Operation.deserializeBinary(first.subarray(5)).getName()
}
