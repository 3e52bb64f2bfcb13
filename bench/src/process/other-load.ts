import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { readProcessTree } from './process-tree.js'

/**
 * Starts to watch what share of this machine's CPU time goes to anything but this process and its descendants, time that
 * a hypervisor gives to other machines included. The returned function tells, from 0 to 1; undefined where there is no /proc.
 */
export function watchOtherLoad(): () => number | undefined {
  const start = reading()
  const startedAt = performance.now()
  return () => {
    const end = reading()
    if (start === undefined || end === undefined) return undefined
    const capacityMs = (performance.now() - startedAt) * availableParallelism()
    return Math.min(1, Math.max(0, (end - start) / capacityMs))
  }
}

/** CPU milliseconds of everybody else since the machine started. */
function reading(): number | undefined {
  const ours = readProcessTree(process.pid)
  if (ours === undefined) return undefined
  // user nice system idle iowait irq softirq steal, in ticks of 10 ms
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = readFileSync('/proc/stat', 'utf8')
    .slice('cpu '.length, 500)
    .trim()
    .split(/\s+/)
    .map(Number)
  return (user + nice + system + irq + softirq + steal) * 10 - ours.cpuMs
}
