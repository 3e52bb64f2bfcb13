import { MIB } from '../content/large-uploads.js'
import { startDelayingProxy } from '../process/delaying-proxy.js'
import type { Workload } from '../workload.js'
import { type LargeOptions, readLarge, writeLarge } from './byte-stream-large.js'

/** 10 ms each way. */
const ROUND_TRIP_MS = 20

/** So much that the one round trip that every call waits for, its request's and its answer's way, is little of it. */
const BLOB_BYTES = 256 * MIB

/** Good for 1,600 MB/s over such a round trip: half a window has to come before more is allowed. */
const WINDOW_BYTES = 64 * MIB

/**
 * Blobs over a long line, and over a short one through the same proxy: how much better the second does is what the length of
 * the line costs.
 */
export const longLines: readonly Workload[] = [writeLarge, readLarge].flatMap((blobs) => [
  throughProxy(blobs, 0),
  throughProxy(blobs, ROUND_TRIP_MS),
])

function throughProxy<W extends Workload>(blobs: (options: LargeOptions) => W, roundTripMs: number): W {
  const suffix = `${roundTripMs}ms`
  const workload = blobs({ clients: 1, sizeBytes: BLOB_BYTES, windowBytes: WINDOW_BYTES, suffix })
  return {
    ...workload,
    about: `${workload.about}, through a proxy that makes the round trip ${roundTripMs} ms`,
    full: true,
    async measure(setting) {
      const server = await setting.server()
      using proxy = await startDelayingProxy(server.address, roundTripMs / 2)
      return await workload.measure({ ...setting, server: async () => ({ ...server, address: proxy.address }) })
    },
  }
}
