import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { killGroup } from './kill-group.js'

/** Processes may fork while we look; after so many looks they have had their chance. */
const LOOKS = 5

/**
 * Ends every process of a session: also those that have process groups of their own, as the jobs of a shell with job
 * control have (Bazel's test-setup.sh makes its tests such jobs). Looking through /proc costs a millisecond or more, so
 * this is for commands that had to be stopped. Where there is no /proc, only the leader's group is ended.
 */
export function killSession(leader: number | undefined): void {
  if (leader === undefined) return
  killGroup(leader, 'SIGKILL')
  killAll((pid) => sessionOf(pid) === leader)
}

/**
 * Ends every process that works in a directory or below it: a runner that died may have started a command and not have
 * come to say so.
 */
export function killProcessesIn(directory: string): void {
  killAll((pid) => worksIn(pid, directory))
}

/**
 * Ends what is left of a command that ended by itself: what is in its session, or works in a directory. `others`: processes
 * that are none of it and need no look, which takes some 40 µs each. Returns those that are there now and are none of it.
 */
export function killLeftovers(leader: number, directory: string, others: ReadonlySet<string>): Set<string> {
  return killAll((pid) => !others.has(pid) && (worksIn(pid, directory) || sessionOf(pid) === leader))
}

/** Returns the processes that stay. */
function killAll(isMeant: (pid: string) => boolean): Set<string> {
  for (let look = 1; ; look++) {
    const stay = new Set<string>()
    let killed = false
    for (const pid of processes()) {
      if (!isMeant(pid)) stay.add(pid)
      else {
        killOne(Number(pid))
        killed = true
      }
    }
    if (!killed || look === LOOKS) return stay
  }
}

function worksIn(pid: string, directory: string): boolean {
  const cwd = workingDirectoryOf(pid)
  return cwd === directory || cwd?.startsWith(`${directory}/`) === true
}

function processes(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

/** Undefined for a process that is gone, a zombie, or somebody else's. */
function workingDirectoryOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return undefined
  }
}

/** The fourth field after the command's name in /proc/<pid>/stat, of a process that is not a zombie already. */
function sessionOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state, , , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? undefined : Number(session)
  } catch {
    return undefined
  }
}

function killOne(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
