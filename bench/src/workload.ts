import type { ServerLoad } from './load/server-load.js'
import type { ServerUnderTest } from './server-under-test.js'

/** What a workload may use. */
export interface Setting {
  /** How long to measure; warming up comes on top. */
  readonly seconds: number
  /** A directory that is removed at the end. */
  readonly directory: string
  /** Started by the first workload that asks for it; the same one for all. */
  readonly server: () => Promise<ServerUnderTest>
}

export interface Workload {
  readonly name: string
  /** One line for --help: what an operation is. */
  readonly about: string
  /** How many operations are under way at once; each of these clients waits for its answer before it goes on. */
  readonly clients: number
  /** Only with --full, or by name. */
  readonly full?: true
  /** Measures processes of its own and no server that one could choose. */
  readonly local?: true
  /** What the load generator looks up by the workload's name. */
  readonly load?: ServerLoad
  readonly measure: (setting: Setting) => Promise<Measurement>
}

/** One that a load generator does to a server. */
export interface LoadWorkload extends Workload {
  readonly load: ServerLoad
}

export interface Measurement {
  readonly operations: number
  /** From the first operation's start to the last one's end. */
  readonly seconds: number
  /** One an operation, in milliseconds, in no particular order. */
  readonly latencies: readonly number[]
  /** Of payload, where that is what counts. */
  readonly bytesPerOperation?: number
  /** CPU time that the process tree under test used. Absent where it cannot be looked into. */
  readonly serverCpuMs?: number
  /** CPU time of the load generator, where it is a process beside the one under test. */
  readonly clientCpuMs?: number
  /** The process tree's memory right afterwards … */
  readonly rssBytes?: number
  /** … and the most that was seen while the clock ran. */
  readonly rssPeakBytes?: number
}
