import type { Config } from '../config/index.js'

/** What a front end is told before it serves. */
export interface Setup {
  readonly config: Config
  /** A directory of its own on the store's file system; emptied and removed by whoever started it. */
  readonly temporary: string
  /** What the store may take, in bytes. */
  readonly maxBytes: number
  /** For so long the store keeps a blob beyond what was promised, in milliseconds. */
  readonly leaseMs: number
  /** How many front ends share what may be kept of uploads that break off. */
  readonly frontEnds: number
}

/** Where a front end finds its end of the channel; behind the three of every process, and Node's own for sockets. */
export const CHANNEL_FD = 4
