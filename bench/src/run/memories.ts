import type { Contender } from '../contender.js'
import { readTreeMemory } from '../process/tree-memory.js'
import type { ServerMemory } from '../report/memory.js'
import type { Workload } from '../workload.js'
import type { Results } from './run-rounds.js'

/** Of those servers that were used and can be looked into. */
export async function memoriesOf(
  contenders: readonly Contender[],
  workloads: readonly Workload[],
  { rows }: Results,
): Promise<ServerMemory[]> {
  const memories: ServerMemory[] = []
  for (const contender of contenders) {
    const pid = (await contender.ifStarted())?.pid
    const memory = pid === undefined ? undefined : readTreeMemory(pid)
    if (memory === undefined) continue
    const peaks = rows
      .filter(({ server, workload }) => server === contender.name && !isLocal(workload, workloads))
      .map(({ rssPeakMb = 0 }) => rssPeakMb * 1e6)
    memories.push({ server: contender.name, ...memory, rssPeakBytes: Math.max(memory.rssBytes, ...peaks) })
  }
  return memories
}

function isLocal(name: string, workloads: readonly Workload[]): boolean {
  return workloads.some((workload) => workload.name === name && workload.local)
}
