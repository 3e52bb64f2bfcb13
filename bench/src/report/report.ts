import type { ForeignServer } from '../arguments.js'
import { medians } from '../run/medians.js'
import type { Results } from '../run/run-rounds.js'
import type { Workload } from '../workload.js'
import { comparison } from './comparison.js'
import { floorSentence } from './floor-sentence.js'
import { type Machine, machineLine } from './machine.js'
import { memoryTable, type ServerMemory } from './memory.js'
import { runTable } from './run-table.js'

export interface ReportHead {
  readonly machine: Machine
  readonly seconds: number
  readonly rounds: number
  readonly servers: readonly string[]
  readonly remote?: ForeignServer
  readonly against: readonly ForeignServer[]
}

export interface Report extends ReportHead, Results {
  readonly memories: readonly ServerMemory[]
  /** Share of the CPU time that other processes took, where that can be told. */
  readonly otherLoad?: number
}

export function headLines({ machine, seconds, rounds, servers, remote }: ReportHead): string[] {
  const what = [remote?.address ?? 'a gorego of its own', ...servers.slice(1)].join(', ')
  const times = rounds === 1 ? '' : `, ${rounds} rounds (figures are medians)`
  return [
    machineLine(machine),
    `Measured: ${what}; client and server share these CPUs; ${seconds} s a workload${times}.`,
  ]
}

export function tableLines({ rows, servers }: Report, workloads: readonly Workload[]): string[] {
  if (servers.length > 1) {
    return comparison(
      workloads.filter(({ local }) => !local),
      servers,
      rows,
    )
  }
  return [...runTable(workloads, medians(rows)), '']
}

export function closingLines({ rows, servers, memories, failures, otherLoad }: Report): string[] {
  const own = medians(rows).filter(({ server }) => server === servers[0])
  const floor = floorSentence(own)
  const load =
    otherLoad === undefined ? '' : `Other processes used ${Math.round(otherLoad * 100)} % of the CPU time meanwhile.`
  const failed = failures.map(
    ({ server, workload, message }) => `* \`${workload}\` on ${server}: ${firstLine(message)}`,
  )
  const parts = [
    memories.length === 0 ? [] : memoryTable(memories),
    floor === undefined ? [] : [floor],
    load === '' ? [] : [load],
    failed.length === 0 ? [] : ['Not measured (–):', '', ...failed],
  ]
  return parts.filter((lines) => lines.length > 0).flatMap((lines, n) => (n === 0 ? lines : ['', ...lines]))
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}
