import type { Row } from '../report/row.js'
import type { RoundRow } from './run-rounds.js'

/** One row for each server and workload, in the order in which they first came: each figure is the median of the rounds. */
export function medians(rows: readonly RoundRow[]): RoundRow[] {
  const groups = new Map<string, RoundRow[]>()
  for (const row of rows) {
    const key = `${row.server} ${row.workload}`
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()].map(medianRow)
}

export function median(values: readonly number[]): number | undefined {
  const sorted = Float64Array.from(values).sort()
  const upper = sorted[Math.floor(sorted.length / 2)]
  const lower = sorted[Math.floor((sorted.length - 1) / 2)]
  return lower === undefined || upper === undefined ? undefined : (lower + upper) / 2
}

const FIGURES = [
  'operations',
  'perSecond',
  'p50Ms',
  'p99Ms',
  'mbPerSecond',
  'serverCpuMs',
  'clientCpuMs',
  'rssMb',
  'rssPeakMb',
] as const satisfies readonly (keyof Row)[]

function medianRow(rows: readonly RoundRow[]): RoundRow {
  const figures = FIGURES.flatMap((name) => {
    const value = median(rows.map((row) => row[name]).filter((each) => each !== undefined))
    return value === undefined ? [] : [[name, value] as const]
  })
  return { ...(rows[0] as RoundRow), ...Object.fromEntries(figures) }
}
