import { killGroup } from './kill-group.js'
import { isRunBy, killAll, sessionOf, worksIn } from './process-table.js'

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

/** Ends every process of a user. */
export function killProcessesOf(uid: number): void {
  killAll((pid) => isRunBy(pid, uid))
}
