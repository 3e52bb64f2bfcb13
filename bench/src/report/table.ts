import type { Row } from './row.js'

interface Column {
  readonly title: string
  readonly value: (row: Row) => string
}

const columns: readonly Column[] = [
  { title: 'workload', value: (row) => row.workload },
  { title: 'clients', value: (row) => String(row.clients) },
  { title: 'per s', value: (row) => figure(row.perSecond) },
  { title: 'p50 ms', value: (row) => figure(row.p50Ms) },
  { title: 'p99 ms', value: (row) => figure(row.p99Ms) },
  { title: 'MB/s', value: (row) => figure(row.mbPerSecond) },
  { title: 'CPU ms', value: (row) => figure(row.serverCpuMs) },
  { title: 'client CPU ms', value: (row) => figure(row.clientCpuMs) },
  { title: 'RSS MB', value: (row) => figure(row.rssMb) },
]

const WORKLOAD_WIDTH = 20

/** Markdown, line by line as results come: docs/performance.md takes it as it is. */
export const tableHead = [
  line(columns.map(({ title }) => title)),
  `|-${columns.map((_, n) => `${'-'.repeat(width(n))}${n === 0 ? ' ' : ':'}`).join('|-')}|`,
].join('\n')

export function tableRow(row: Row): string {
  return line(columns.map(({ value }) => value(row)))
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell, n) => (n === 0 ? cell.padEnd(width(n)) : cell.padStart(width(n)))).join(' | ')} |`
}

function width(column: number): number {
  return column === 0 ? WORKLOAD_WIDTH : Math.max(7, columns[column]?.title.length ?? 0)
}

/** Three digits that count; more would be noise. */
function figure(value: number | undefined): string {
  if (value === undefined) return '–'
  if (value >= 100) return Math.round(value).toLocaleString('en-US')
  return value === 0 ? '0' : String(Number(value.toPrecision(value < 1 ? 2 : 3)))
}
