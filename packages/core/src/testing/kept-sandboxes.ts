import { readdirSync, readFileSync } from 'node:fs'

/** How the command line of a kept sandbox's first process begins, and of those that it starts for actions. */
const FIRST = '/proc/self/fd/6\0fresh\0'

/** Throws where there is no such process. */
export function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

/** The first processes of the sandboxes that runners or launchers of this process keep. Those of their actions look the same, one below. */
export function keptSandboxes(): number[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name)
    try {
      return isFirst(pid) && !isFirst(parentOf(pid)) && isOurs(pid) ? [pid] : []
    } catch {
      // No process, or one that is over.
      return []
    }
  })
}

/** The only one of them. */
export function keptSandbox(): number {
  const [only, ...others] = keptSandboxes()
  if (only === undefined || others.length > 0) throw new Error('there is not one sandbox')
  return only
}

function isFirst(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(FIRST)
}

function isOurs(pid: number): boolean {
  return pid > 1 && (pid === process.pid || isOurs(parentOf(pid)))
}
