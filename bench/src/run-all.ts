import { type Row, rowOf } from './report/row.js'
import type { Setting, Workload } from './workload.js'

export interface Results {
  readonly rows: readonly Row[]
  readonly failures: readonly { readonly workload: string; readonly message: string }[]
}

/** Measures one workload after the other. One that fails does not keep the others from running. */
export async function runAll(
  workloads: readonly Workload[],
  setting: Setting,
  onRow: (row: Row) => void,
): Promise<Results> {
  const rows: Row[] = []
  const failures: { workload: string; message: string }[] = []
  for (const workload of workloads) {
    try {
      const row = rowOf(workload, await workload.measure(setting))
      rows.push(row)
      onRow(row)
    } catch (error) {
      failures.push({ workload: workload.name, message: (error as Error).message })
    }
  }
  return { rows, failures }
}
