import { readFileSync } from 'node:fs'

/** `<pid>-<start time>`: names a process for good, although pids come back. The start time is 0 where /proc is absent. */
export function processIdentity(pid: number = process.pid): string {
  return `${pid}-${startTime(pid) ?? 0}`
}

/** Whether the process that called itself so is still there. */
export function isProcessAlive(identity: string): boolean {
  const match = /^(\d+)-(\d+)$/.exec(identity)
  if (match === null) return false
  const pid = Number(match[1])
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const started = startTime(pid)
  return started === undefined || match[2] === '0' || String(started) === match[2]
}

/** Field 22 of /proc/<pid>/stat: clock ticks after boot. The command name before it may hold blanks and parentheses. */
function startTime(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  } catch {
    return undefined
  }
}
