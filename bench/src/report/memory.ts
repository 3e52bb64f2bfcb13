import type { TreeMemory } from '../process/tree-memory.js'
import { figure } from './figure.js'
import { markdownTable } from './markdown-table.js'

/** Of one server's process tree, in bytes. */
export interface ServerMemory extends TreeMemory {
  readonly server: string
  /** The most that was sampled while a workload was measured. */
  readonly rssPeakBytes: number
  /** When nobody has used it for a while. */
  readonly restedRssBytes?: number
}

export function memoryTable(memories: readonly ServerMemory[]): string[] {
  const megabytes = (bytes: number | undefined) => figure(bytes === undefined ? undefined : bytes / 1e6)
  return markdownTable(
    ['memory of the process tree, MB', ...memories.map(({ server }) => server)],
    [
      ['RSS after all of it', ...memories.map(({ rssBytes }) => megabytes(rssBytes))],
      ['PSS after all of it', ...memories.map(({ pssBytes }) => megabytes(pssBytes))],
      ...(memories.some(({ restedRssBytes }) => restedRssBytes !== undefined)
        ? [['RSS a minute later', ...memories.map(({ restedRssBytes }) => megabytes(restedRssBytes))]]
        : []),
      ['most RSS during a workload', ...memories.map(({ rssPeakBytes }) => megabytes(rssPeakBytes))],
    ],
  )
}
