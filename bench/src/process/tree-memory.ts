import { readFileSync } from 'node:fs'
import { processTree, readProcessTree } from './process-tree.js'

export interface TreeMemory {
  readonly rssBytes: number
  /** Pages that processes share are divided among them. Absent where smaps_rollup cannot be read. */
  readonly pssBytes?: number
}

/** Undefined where there is no /proc or no such process. */
export function readTreeMemory(root: number): TreeMemory | undefined {
  const usage = readProcessTree(root)
  if (usage === undefined) return undefined
  const each = processTree(root).map(readPss)
  const known = each.filter((bytes) => bytes !== undefined)
  const complete = known.length === each.length
  return { rssBytes: usage.rssBytes, ...(complete ? { pssBytes: known.reduce((sum, bytes) => sum + bytes, 0) } : {}) }
}

function readPss(pid: number): number | undefined {
  try {
    const found = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))
    return found === null ? undefined : Number(found[1]) * 1024
  } catch {
    return undefined
  }
}
