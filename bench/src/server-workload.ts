import { setTimeout as sleep } from 'node:timers/promises'
import { closedLoop } from './load/closed-loop.js'
import type { ServerUnderTest } from './server-under-test.js'
import { Connection } from './wire/connection.js'
import type { Measurement, Setting, Workload } from './workload.js'

export interface ServerWorkload extends Omit<Workload, 'measure' | 'embedded'> {
  readonly bytesPerOperation?: number
  /** Uploads what all operations need. The connection may be kept for `prepare`. */
  readonly start: (connection: Connection) => Promise<Operations>
}

export interface Operations {
  /** Makes operations ready, from a number up to and without another. They may run out: then the clock stops early. */
  readonly prepare?: (from: number, to: number) => Promise<void>
  /** So many are measured, however long they take. */
  readonly count?: number
  readonly perform: (connection: Connection, operation: number) => Promise<void>
}

/** Each client has a connection of its own, up to so many; more clients share them. */
const MAX_CONNECTIONS = 16

/** So many operations are prepared for warming up. */
const WARM_UP_OPERATIONS = 400

/** Warm code may be faster than the warm-up was. */
const RESERVE = 2

/** The server tidies up after its last answer, and that belongs to the operation. */
const REST_MS = 250

/** A workload that goes over the wire: warms up, rests, and measures between two readings of the server's process tree. */
export function serverWorkload(workload: ServerWorkload): Workload {
  const { name, about, clients, full } = workload
  return {
    name,
    about,
    clients,
    ...(full === undefined ? {} : { full }),
    async measure({ server, seconds }: Setting): Promise<Measurement> {
      const target = await server()
      const connections = Array.from(
        { length: Math.min(clients, MAX_CONNECTIONS) },
        () => new Connection(target.address),
      )
      try {
        return await measure(workload, connections as [Connection, ...Connection[]], target, seconds)
      } finally {
        for (const connection of connections) connection.close()
      }
    },
  }
}

async function measure(
  workload: ServerWorkload,
  connections: readonly [Connection, ...Connection[]],
  target: ServerUnderTest,
  seconds: number,
): Promise<Measurement> {
  const { clients, bytesPerOperation } = workload
  const { prepare, count, perform } = await workload.start(connections[0])
  const run = (from: number, limit: number, forSeconds: number) =>
    closedLoop({
      clients,
      seconds: forSeconds,
      from,
      limit,
      perform: (client, operation) => perform(connections[client % connections.length] ?? connections[0], operation),
    })

  await prepare?.(0, WARM_UP_OPERATIONS)
  const warmUp = await run(0, prepare === undefined ? Number.POSITIVE_INFINITY : WARM_UP_OPERATIONS, seconds / 3)

  const from = warmUp.operations
  const expected = Math.ceil((warmUp.operations / warmUp.seconds) * seconds * RESERVE) + clients
  const to = count === undefined ? Math.max(from + expected, WARM_UP_OPERATIONS) : from + count
  await prepare?.(WARM_UP_OPERATIONS, to)
  const limit = prepare === undefined && count === undefined ? Number.POSITIVE_INFINITY : to
  await sleep(REST_MS)

  const serverBefore = target.usage()
  const clientBefore = process.cpuUsage()
  const loop = await run(from, limit, count === undefined ? seconds : Number.POSITIVE_INFINITY)
  const client = process.cpuUsage(clientBefore)
  await sleep(REST_MS)
  const serverAfter = target.usage()

  return {
    ...loop,
    ...(bytesPerOperation === undefined ? {} : { bytesPerOperation }),
    clientCpuMs: (client.user + client.system) / 1000,
    ...(serverBefore && serverAfter ? { serverCpuMs: serverAfter.cpuMs - serverBefore.cpuMs } : {}),
    ...(serverAfter ? { rssBytes: serverAfter.rssBytes } : {}),
  }
}
