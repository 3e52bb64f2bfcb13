import { readProc } from './read-proc.js'

/** The kernel counts in hundredths of a second here, on every platform that Node runs on. */
const MS_PER_TICK = 10

/** Fields of /proc/<pid>/stat after the command's name: what the children that were waited for used, in ticks. */
const CUTIME = 13
const CSTIME = 14

export interface CpuTime {
  readonly userMs: number
  readonly systemMs: number
}

let last: CpuTime = { userMs: 0, systemMs: 0 }

/**
 * What the runner's children have used since the last answer that ended and were waited for, with all descendants that
 * they waited for in turn. A runner runs one command at a time, so that is one command's. Resolution: 10 ms. Not in it is
 * what outlives its parent, such as a daemon. Undefined where there is no /proc.
 */
export function childCpuSinceLast(): CpuTime | undefined {
  const now = childCpu()
  if (now === undefined) return undefined
  const used = { userMs: now.userMs - last.userMs, systemMs: now.systemMs - last.systemMs }
  last = now
  return used
}

function childCpu(): CpuTime | undefined {
  const stat = readProc('/proc/self/stat')
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [userMs, systemMs] = [CUTIME, CSTIME].map((field) => Number(fields?.[field]) * MS_PER_TICK)
  return userMs !== undefined && systemMs !== undefined && userMs >= 0 && systemMs >= 0
    ? { userMs, systemMs }
    : undefined
}
