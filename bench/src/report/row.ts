import { percentile } from '../load/percentile.js'
import type { Measurement, Workload } from '../workload.js'

/** One workload's line, in the table and in the JSON. */
export interface Row {
  readonly workload: string
  readonly clients: number
  readonly operations: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Of 10⁶ bytes. */
  readonly mbPerSecond?: number
  readonly serverCpuMs?: number
  readonly clientCpuMs?: number
  readonly rssMb?: number
  readonly rssPeakMb?: number
}

export function rowOf({ name, clients }: Workload, measured: Measurement): Row {
  const { operations, seconds, latencies, bytesPerOperation, serverCpuMs, clientCpuMs } = measured
  const { rssBytes, rssPeakBytes } = measured
  if (operations === 0) throw new Error('no operation was completed')
  const perSecond = operations / seconds
  return {
    workload: name,
    clients,
    operations,
    perSecond,
    p50Ms: percentile(latencies, 0.5) ?? 0,
    p99Ms: percentile(latencies, 0.99) ?? 0,
    ...(bytesPerOperation === undefined ? {} : { mbPerSecond: (perSecond * bytesPerOperation) / 1e6 }),
    ...(serverCpuMs === undefined ? {} : { serverCpuMs: serverCpuMs / operations }),
    ...(clientCpuMs === undefined ? {} : { clientCpuMs: clientCpuMs / operations }),
    ...(rssBytes === undefined ? {} : { rssMb: rssBytes / 1e6 }),
    ...(rssPeakBytes === undefined ? {} : { rssPeakMb: rssPeakBytes / 1e6 }),
  }
}
