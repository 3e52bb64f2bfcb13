import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender } from '../contender.js'
import { readTreeMemory, type TreeMemory } from '../process/tree-memory.js'
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
  const { contenders, workloads, results, restMs } = options
  const before = await readMemories(contenders)
  if (restMs !== undefined) await sleep(restMs)
  const rested = restMs === undefined ? undefined : await readMemories(contenders)
  return [...before].map(([server, memory]) => {
    const peaks = results.rows
      .filter((row) => row.server === server && !isLocal(row.workload, workloads))
      .map(({ rssPeakMb = 0 }) => rssPeakMb * 1e6)
    const restedRssBytes = rested?.get(server)?.rssBytes
    return {
      server,
      ...memory,
      rssPeakBytes: Math.max(memory.rssBytes, ...peaks),
      ...(restedRssBytes === undefined ? {} : { restedRssBytes }),
    }
  })
}

/** By the servers' names. */
async function readMemories(contenders: readonly Contender[]): Promise<Map<string, TreeMemory>> {
  const memories = new Map<string, TreeMemory>()
  for (const contender of contenders) {
    const pid = (await contender.ifStarted())?.pid
    const memory = pid === undefined ? undefined : readTreeMemory(pid)
    if (memory !== undefined) memories.set(contender.name, memory)
  }
  return memories
}

function isLocal(name: string, workloads: readonly Workload[]): boolean {
  return workloads.some((workload) => workload.name === name && workload.local)
}
