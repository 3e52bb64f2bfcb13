import { Connection } from '../wire/connection.js'
import { closedLoop, type LoopResult } from './closed-loop.js'
import type { ServerLoad } from './server-load.js'

/** Each client has a connection of its own, up to so many; more clients share them, unless the load says otherwise. */
const MAX_CONNECTIONS = 16

/** The first operations tell how many more to prepare. */
const FIRST_OPERATIONS = 50

/** Clients that do a fixed number of operations, all at once, warm up with no more than so many. */
const WARM_UP_CLIENTS = 16

/** Warm code may be faster than it was while it warmed up. */
const RESERVE = 2

/** Warms up, and returns what is to be done while the clock runs: all it takes is made and uploaded. */
export async function prepareLoad(
  load: ServerLoad,
  address: string,
  seconds: number,
): Promise<() => Promise<LoopResult>> {
  const connections = Array.from(
    { length: Math.min(load.clients, load.connections ?? MAX_CONNECTIONS) },
    () => new Connection(address, load.windowBytes),
  ) as [Connection, ...Connection[]]
  const { prepare, count, perform } = await load.start(connections[0])
  let next = 0
  let prepared = 0

  const ready = async (to: number) => {
    if (to > prepared) await prepare?.(prepared, to)
    prepared = Math.max(prepared, to)
  }
  const run = async (limit: number, forSeconds: number, clients = load.clients) => {
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
      : next + load.clients + Math.ceil((operations / lasted) * forSeconds * RESERVE)

  const warmUpSeconds = seconds / 2
  const warmUpClients = count === undefined ? load.clients : Math.min(load.clients, WARM_UP_CLIENTS)
  await ready(FIRST_OPERATIONS)
  const first = await run(FIRST_OPERATIONS, warmUpSeconds, warmUpClients)
  const warmUpLimit = limitFor(first, warmUpSeconds)
  await ready(warmUpLimit)
  const warmUp = await run(warmUpLimit, warmUpSeconds, warmUpClients)
  const limit = count === undefined ? limitFor(warmUp, seconds) : next + count
  await ready(limit)
  return () => run(limit, count === undefined ? seconds : Number.POSITIVE_INFINITY)
}
