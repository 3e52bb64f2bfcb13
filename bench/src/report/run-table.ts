import { figure } from './figure.js'
import { MarkdownTable } from './markdown-table.js'
import type { Row } from './row.js'

const WORKLOAD_WIDTH = 20
const FIGURE_WIDTH = 7

const figures: readonly { readonly title: string; readonly of: (row: Row) => number | undefined }[] = [
  { title: 'per s', of: (row) => row.perSecond },
  { title: 'p50 ms', of: (row) => row.p50Ms },
  { title: 'p99 ms', of: (row) => row.p99Ms },
  { title: 'MB/s', of: (row) => row.mbPerSecond },
  { title: 'CPU ms', of: (row) => row.serverCpuMs },
  { title: 'client CPU ms', of: (row) => row.clientCpuMs },
  { title: 'RSS MB', of: (row) => row.rssMb },
  { title: 'peak MB', of: (row) => row.rssPeakMb },
]

const table = new MarkdownTable([
  { title: 'workload', width: WORKLOAD_WIDTH },
  { title: 'clients', width: FIGURE_WIDTH },
  ...figures.map(({ title }) => ({ title, width: FIGURE_WIDTH })),
])

export const runTableHead = table.head

export function runTableRow(row: Row): string {
  return table.row([row.workload, String(row.clients), ...figures.map(({ of }) => figure(of(row)))])
}

interface Planned {
  readonly name: string
  readonly clients: number
}

/** With a line of dashes for each workload that could not be measured. */
export function runTable(workloads: readonly Planned[], rows: readonly Row[]): string[] {
  const lines = workloads.map(({ name, clients }) => {
    const row = rows.find(({ workload }) => workload === name)
    return row === undefined
      ? table.row([name, String(clients), ...figures.map(() => figure(undefined))])
      : runTableRow(row)
  })
  return [...runTableHead, ...lines]
}
