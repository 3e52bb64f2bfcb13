import { readdirSync, readFileSync } from 'node:fs'

export interface TreeUsage {
  readonly cpuMs: number
  readonly rssBytes: number
}

/** USER_HZ: what /proc counts CPU time in, 100 a second on every Linux that Node runs on. */
const TICK_MS = 10

/**
 * What a process and all its descendants have used so far; undefined where there is no /proc or no such process.
 *
 * CPU is utime + stime + cutime + cstime of every process of the tree that is alive: its own time in user mode and in the
 * kernel, all threads, and that of its children that ended *and were waited for*, with theirs. When a process ends, its
 * time moves to its parent's cutime and cstime, so the sum of the tree loses nothing: the difference of two readings
 * counts the server, its runners and every action's processes, also those that came and went in between. Not counted: a
 * process whose parent ended before it (it belongs to init then), and work that the kernel does on its own account, such
 * as writing dirty pages to the disk. A reading is good to one tick a process, 10 ms, and assumes that nothing of the
 * tree is just ending: take it when the tree has come to rest.
 *
 * Memory is the sum of the processes' RSS; pages that they share (Node's own code) are counted once for each.
 */
export function readProcessTree(root: number): TreeUsage | undefined {
  const all = readProcesses()
  if (!all.has(root)) return undefined
  let cpuMs = 0
  let rssBytes = 0
  for (const pid of treeOf(root, all)) {
    cpuMs += (all.get(pid)?.ticks ?? 0) * TICK_MS
    rssBytes += readRss(pid)
  }
  return { cpuMs, rssBytes }
}

/** A process and its descendants, parents first. */
export function processTree(root: number): number[] {
  const all = readProcesses()
  return all.has(root) ? treeOf(root, all) : []
}

interface ProcessLine {
  readonly parent: number
  readonly ticks: number
}

function treeOf(root: number, all: ReadonlyMap<number, ProcessLine>): number[] {
  const tree = [root]
  // Grows while it is walked.
  for (const parent of tree) for (const [pid, line] of all) if (line.parent === parent) tree.push(pid)
  return tree
}

function readProcesses(): Map<number, ProcessLine> {
  const all = new Map<number, ProcessLine>()
  for (const name of namesIn('/proc')) {
    const pid = Number(name)
    const text = Number.isInteger(pid) ? read(`/proc/${pid}/stat`) : undefined
    if (text === undefined) continue
    // The command's name, in parentheses, may hold anything. What follows starts with field 3, the state.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const field = (number: number) => fields[number - 3] ?? 0
    all.set(pid, { parent: field(4), ticks: field(14) + field(15) + field(16) + field(17) })
  }
  return all
}

function readRss(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? '')
  return Number(found?.[1] ?? 0) * 1024
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** Undefined for a process that ended meanwhile. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
