import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { readProcessTree } from './process-tree.js'

/**
 * Starts to watch what share of this machine's CPU time goes to anything but this process, the given ones and the
 * descendants of all of them, time that a hypervisor gives to other machines included. The returned function tells, from 0 to 1;
 * undefined where there is no /proc or no such process.
 */
export function watchOtherLoad(pids: readonly number[] = []): () => number | undefined {
  const start = reading(pids)
  const startedAt = performance.now()
  return () => {
    const end = reading(pids)
    if (start === undefined || end === undefined) return undefined
    const capacityMs = (performance.now() - startedAt) * availableParallelism()
    return Math.min(1, Math.max(0, (end - start) / capacityMs))
  }
}

/** CPU milliseconds of everybody else since the machine started. */
function reading(pids: readonly number[]): number | undefined {
  let oursMs = 0
  for (const pid of [process.pid, ...pids]) {
    const tree = readProcessTree(pid)
    if (tree === undefined) return undefined
    oursMs += tree.cpuMs
  }
  // user nice system idle iowait irq softirq steal, in ticks of 10 ms
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = readFileSync('/proc/stat', 'utf8')
    .slice('cpu '.length, 500)
    .trim()
    .split(/\s+/)
    .map(Number)
  return (user + nice + system + irq + softirq + steal) * 10 - oursMs
}
