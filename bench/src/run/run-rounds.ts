import type { Contender } from '../contender.js'
import { type Row, rowOf } from '../report/row.js'
import type { Setting, Workload } from '../workload.js'

export interface RoundRow extends Row {
  readonly server: string
  /** From 1. */
  readonly round: number
}

export interface Failure {
  readonly server: string
  readonly workload: string
  readonly message: string
}

export interface Results {
  readonly rows: readonly RoundRow[]
  readonly failures: readonly Failure[]
}

export interface RunOptions {
  readonly workloads: readonly Workload[]
  /** The first one is ours: workloads that need no server run for it only. */
  readonly contenders: readonly Contender[]
  readonly rounds: number
  readonly setting: Omit<Setting, 'server'>
  /** Before each measurement. */
  readonly settle: () => Promise<void>
  readonly onRow: (row: RoundRow) => void
}

/**
 * All workloads round by round, and each workload on one server after the other, so that what changes on the machine
 * meanwhile touches all of them alike. A workload that fails on a server is not tried there again, and keeps nothing
 * else from running.
 */
export async function runRounds(options: RunOptions): Promise<Results> {
  const { workloads, contenders, rounds, setting, settle, onRow } = options
  const rows: RoundRow[] = []
  const failures: Failure[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const workload of workloads) {
      for (const { name, server } of turned(workload.local ? contenders.slice(0, 1) : contenders, round)) {
        if (failures.some((failure) => failure.server === name && failure.workload === workload.name)) continue
        await settle()
        try {
          const row = { server: name, round, ...rowOf(workload, await workload.measure({ ...setting, server })) }
          rows.push(row)
          onRow(row)
        } catch (error) {
          failures.push({ server: name, workload: workload.name, message: (error as Error).message })
        }
      }
    }
  }
  return { rows, failures }
}

/** Another one begins in each round: whoever comes next finds the disk busy with what the one before wrote. */
function turned<T>(list: readonly T[], round: number): readonly T[] {
  const first = (round - 1) % list.length
  return [...list.slice(first), ...list.slice(0, first)]
}
