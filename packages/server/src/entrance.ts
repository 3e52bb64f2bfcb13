import type { PlainMetrics } from './metrics/serving-metrics.js'

/** Where clients come in: this process, or several others. */
export interface Entrance {
  readonly address: string
  readonly pids: readonly number[]
  /** What other processes than this one counted. */
  metrics(): Promise<PlainMetrics[]>
  /** Blobs were lost: nothing that is remembered of what is there is good. */
  forget(): void
  /** What has begun is finished; who asks whether the server is healthy is told no. */
  drain(): Promise<void>
  /** How long nobody has called, in milliseconds. */
  idleMs(): Promise<number>
  /** Resolves when no call has come in for a moment, or the bound is over. */
  quiet(boundMs: number): Promise<void>
  /** Waits for calls to end, up to a bound, then cuts off what is left. */
  stop(boundMs: number): Promise<void>
}
