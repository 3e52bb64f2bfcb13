import { setTimeout as sleep } from 'node:timers/promises'
import type { Loaded, LoadOrder } from './load/load-orders.js'
import type { ServerLoad } from './load/server-load.js'
import { ChildProgram } from './process/child-program.js'
import { watchMemory } from './process/watch-memory.js'
import type { LoadWorkload, Measurement, Setting, Workload } from './workload.js'

export interface ServerWorkload extends ServerLoad, Pick<Workload, 'about' | 'full'> {
  readonly bytesPerOperation?: number
}

/** The server tidies up after its last answer, and that belongs to the operation. */
export const REST_MS = 250

/**
 * A server that does not come to an end with a workload, or with what has to be uploaded for it, is given up: after so long,
 * and so much longer for each client.
 */
const LIMIT_SECONDS = 180
const LIMIT_SECONDS_A_CLIENT = 0.1

/**
 * A workload that goes over the wire: a load generator in a process of its own warms up, rests, and works between two
 * readings of the server's process tree.
 */
export function serverWorkload(workload: ServerWorkload): LoadWorkload {
  const { name, about, clients, full, bytesPerOperation } = workload
  return {
    name,
    about,
    clients,
    load: workload,
    ...(full === undefined ? {} : { full }),
    async measure({ server, seconds }: Setting): Promise<Measurement> {
      const { address, usage } = await server()
      using generator = new ChildProgram('load')
      const limit = LIMIT_SECONDS + LIMIT_SECONDS_A_CLIENT * clients + 2 * seconds
      const tell = <Answer>(order: LoadOrder) => generator.ask<Answer>(order, limit)
      await tell({ prepare: { workload: name, address, seconds } })
      await sleep(REST_MS)

      const before = usage()
      const peak = watchMemory(usage)
      const { loop, clientCpuMs } = await tell<Loaded>({ run: true }).finally(peak)
      await sleep(REST_MS)
      const after = usage()
      const rssPeakBytes = peak()

      return {
        ...loop,
        clientCpuMs,
        ...(bytesPerOperation === undefined ? {} : { bytesPerOperation }),
        ...(before && after ? { serverCpuMs: after.cpuMs - before.cpuMs } : {}),
        ...(after ? { rssBytes: after.rssBytes } : {}),
        ...(rssPeakBytes === undefined ? {} : { rssPeakBytes }),
      }
    },
  }
}
