import { startDelayingProxy } from '../process/delaying-proxy.js'
import type { Workload } from '../workload.js'
import { readLarge1, readLarge4, writeLarge1, writeLarge4 } from './byte-stream-large.js'

/** 10 ms each way. */
const ROUND_TRIP_MS = 20

/**
 * Blobs over a long line, and over a short one through the same proxy: what the second does better is what the length of
 * the line costs. Of each operation of a single client two round trips are waiting: for the first bytes, and for the answer.
 */
export const longLines: readonly Workload[] = [writeLarge1, writeLarge4, readLarge1, readLarge4].flatMap((workload) => [
  throughProxy(workload, 0),
  throughProxy(workload, ROUND_TRIP_MS),
])

function throughProxy(workload: Workload, roundTripMs: number): Workload {
  return {
    ...workload,
    name: `${workload.name}-${roundTripMs}ms`,
    about: `${workload.about}, over a line with a round trip of ${roundTripMs} ms`,
    full: true,
    async measure(setting) {
      const server = await setting.server()
      using proxy = await startDelayingProxy(server.address, roundTripMs / 2)
      return await workload.measure({ ...setting, server: async () => ({ ...server, address: proxy.address }) })
    },
  }
}
