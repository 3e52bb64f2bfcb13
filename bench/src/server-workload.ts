import { setTimeout as sleep } from 'node:timers/promises'
import { closedLoop, type LoopResult } from './load/closed-loop.js'
import type { ServerUnderTest } from './server-under-test.js'
import { Connection } from './wire/connection.js'
import type { Measurement, Setting, Workload } from './workload.js'

export interface ServerWorkload extends Omit<Workload, 'measure' | 'local'> {
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

/** The first operations tell how many more to prepare. */
const FIRST_OPERATIONS = 50

/** Warm code may be faster than it was while it warmed up. */
const RESERVE = 2

/** The server tidies up after its last answer, and that belongs to the operation. */
export const REST_MS = 250

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
  let next = 0
  let prepared = 0
  const ready = async (to: number) => {
    if (to > prepared) await prepare?.(prepared, to)
    prepared = Math.max(prepared, to)
  }
  const run = async (limit: number, forSeconds: number) => {
    const loop = await closedLoop({
      clients,
      seconds: forSeconds,
      from: next,
      limit,
      perform: (client, operation) => perform(connections[client % connections.length] ?? connections[0], operation),
    })
    next += loop.operations
    return loop
  }
  /** Room for what will be done in that time, at the rate of the last loop. */
  const limitFor = ({ operations, seconds: lasted }: LoopResult, forSeconds: number) =>
    prepare === undefined
      ? Number.POSITIVE_INFINITY
      : next + clients + Math.ceil((operations / lasted) * forSeconds * RESERVE)

  const warmUpSeconds = seconds / 2
  await ready(FIRST_OPERATIONS)
  const first = await run(FIRST_OPERATIONS, warmUpSeconds)
  const warmUpLimit = limitFor(first, warmUpSeconds)
  await ready(warmUpLimit)
  const warmUp = await run(warmUpLimit, warmUpSeconds)
  const limit = count === undefined ? limitFor(warmUp, seconds) : next + count
  await ready(limit)
  await sleep(REST_MS)

  const serverBefore = target.usage()
  const clientBefore = process.cpuUsage()
  const loop = await run(limit, count === undefined ? seconds : Number.POSITIVE_INFINITY)
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
