import { readdirSync, readFileSync } from 'node:fs'
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
  for (let look = 0; look < LOOKS; look++) {
    const members = membersOf(leader)
    if (members.length === 0) return
    for (const pid of members) killOne(pid)
  }
}

function membersOf(session: number): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && sessionOf(name) === session)
      .map(Number)
  } catch {
    return []
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
