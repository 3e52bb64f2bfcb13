import { median, medians } from '../run/medians.js'
import type { RoundRow } from '../run/run-rounds.js'
import { figure } from './figure.js'
import { markdownTable } from './markdown-table.js'
import type { Row } from './row.js'

interface Metric {
  readonly title: string
  readonly of: (row: Row) => number | undefined
  readonly lessIsBetter?: true
}

const metrics: readonly Metric[] = [
  { title: 'Operations per second', of: (row) => row.perSecond },
  { title: 'MB/s', of: (row) => row.mbPerSecond },
  { title: 'CPU ms an operation', of: (row) => row.serverCpuMs, lessIsBetter: true },
  { title: 'p50 ms', of: (row) => row.p50Ms, lessIsBetter: true },
  { title: 'p99 ms', of: (row) => row.p99Ms, lessIsBetter: true },
  { title: 'Most memory during it, RSS in MB', of: (row) => row.rssPeakMb, lessIsBetter: true },
]

interface Planned {
  readonly name: string
  readonly clients: number
}

/**
 * A table a metric, a column a server. Behind each figure of the others: how many times better the first server is, the
 * median of the rounds' ratios, so that each ratio is of measurements made one right after the other.
 */
export function comparison(
  workloads: readonly Planned[],
  servers: readonly string[],
  rounds: readonly RoundRow[],
): string[] {
  return metrics.flatMap((metric) => {
    const measured = workloads.filter(({ name }) =>
      rounds.some((row) => row.workload === name && metric.of(row) !== undefined),
    )
    return measured.length === 0
      ? []
      : [`**${metric.title}**`, '', ...metricTable(metric, measured, servers, rounds), '']
  })
}

function metricTable(
  metric: Metric,
  workloads: readonly Planned[],
  servers: readonly string[],
  rounds: readonly RoundRow[],
): string[] {
  const [first = '', ...others] = servers
  const middle = medians(rounds)
  const rows = workloads.map(({ name, clients }) => {
    const value = (server: string) => {
      const row = middle.find((one) => one.server === server && one.workload === name)
      return row && metric.of(row)
    }
    const ratios = others.map((other) => ratioOf(metric, name, first, other, rounds))
    const known = ratios.filter((ratio) => ratio !== undefined)
    return [
      name,
      String(clients),
      figure(value(first)),
      ...others.map((other, n) => withRatio(value(other), ratios[n])),
      known.length === 0 ? '–' : times(Math.min(...known)),
    ]
  })
  return markdownTable(['workload', 'clients', ...servers, 'to the best'], rows)
}

/** How many times better the first server is; undefined if they were never measured in one round. */
function ratioOf(
  { of, lessIsBetter }: Metric,
  workload: string,
  first: string,
  other: string,
  rounds: readonly RoundRow[],
): number | undefined {
  const find = (server: string, round: number) => {
    const row = rounds.find((one) => one.server === server && one.workload === workload && one.round === round)
    return row && of(row)
  }
  const ratios = [...new Set(rounds.map(({ round }) => round))].flatMap((round) => {
    const ours = find(first, round)
    const theirs = find(other, round)
    if (ours === undefined || theirs === undefined || ours === 0 || theirs === 0) return []
    return [lessIsBetter ? theirs / ours : ours / theirs]
  })
  return median(ratios)
}

function withRatio(value: number | undefined, ratio: number | undefined): string {
  return ratio === undefined ? figure(value) : `${figure(value)} (${times(ratio)})`
}

function times(ratio: number): string {
  return `${figure(ratio)} ×`
}
