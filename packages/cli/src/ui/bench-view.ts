import type { Measured } from '../bench/measure.js'
import { table } from './table.js'

/** What one scenario came to. */
export interface BenchRow extends Measured {
  readonly name: string
  /** 0 where it is not about bytes. */
  readonly bytesPerCall: number
}

/** A line for each scenario. */
export function benchTable(rows: readonly BenchRow[]): string {
  return table(
    ['WHAT', 'CALLS', 'PER SECOND', 'HALF WITHIN', '95 % WITHIN', 'ALL WITHIN', 'MB/S'],
    rows.map((row) => [
      row.name,
      String(row.calls),
      figure(row.calls / row.seconds),
      `${figure(row.p50Ms)} ms`,
      `${figure(row.p95Ms)} ms`,
      `${figure(row.maxMs)} ms`,
      row.bytesPerCall === 0 ? '-' : figure((row.calls * row.bytesPerCall) / row.seconds / 1e6),
    ]),
  )
}

export function benchJson({ name, bytesPerCall, ...measured }: BenchRow): Record<string, unknown> {
  const callsPerSecond = measured.calls / measured.seconds
  return {
    name,
    ...measured,
    callsPerSecond,
    ...(bytesPerCall > 0 && { bytesPerCall, bytesPerSecond: callsPerSecond * bytesPerCall }),
  }
}

/** Three digits are more than such a measurement is good for. */
function figure(value: number): string {
  if (value >= 100) return String(Math.round(value))
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
