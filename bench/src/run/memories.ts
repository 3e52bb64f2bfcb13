import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender } from '../contender.js'
import { readTreeMemory } from '../process/tree-memory.js'
import type { ServerMemory } from '../report/memory.js'
import type { Workload } from '../workload.js'
import type { Results } from './run-rounds.js'

export interface MemoriesOptions {
  readonly contenders: readonly Contender[]
  readonly workloads: readonly Workload[]
  readonly results: Results
  /** How long they are left alone before they are looked at once more, in milliseconds; absent for no second look. */
  readonly restMs?: number
}

/** Of those servers that were used and can be looked into. */
export async function memoriesOf(options: MemoriesOptions): Promise<ServerMemory[]> {
  const { contenders, restMs } = options
  const memories = await memoriesNow(options)
  if (restMs === undefined) return memories
  await sleep(restMs)
  const rested = new Map<string, number>()
  for (const contender of contenders) {
    const pid = (await contender.ifStarted())?.pid
    const memory = pid === undefined ? undefined : readTreeMemory(pid)
    if (memory !== undefined) rested.set(contender.name, memory.rssBytes)
  }
  return memories.map((memory) => {
    const restedRssBytes = rested.get(memory.server)
    return restedRssBytes === undefined ? memory : { ...memory, restedRssBytes }
  })
}

async function memoriesNow({ contenders, workloads, results: { rows } }: MemoriesOptions): Promise<ServerMemory[]> {
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
