// What /proc tells of processes, and the end of those that are meant. Where there is no /proc, nothing is known of any.
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'

/** Processes may fork while we look; after so many looks they have had their chance. */
const LOOKS = 5

/** Ends processes; returns how many that were, and the others that there are. */
export function killAll(isMeant: (pid: string) => boolean): { readonly killed: number; readonly others: Set<string> } {
  let killed = 0
  for (let look = 1; ; look++) {
    const others = new Set<string>()
    const before = killed
    for (const pid of processes()) {
      if (isMeant(pid)) {
        killOne(Number(pid))
        killed++
      } else {
        others.add(pid)
      }
    }
    if (killed === before || look === LOOKS) return { killed, others }
  }
}

export function worksIn(pid: string, directory: string): boolean {
  const cwd = workingDirectoryOf(pid)
  return cwd === directory || cwd?.startsWith(`${directory}/`) === true
}

export function isRunBy(pid: string, uid: number): boolean {
  try {
    return statSync(`/proc/${pid}`).uid === uid
  } catch {
    return false
  }
}

function processes(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

/** What a process has open, as /proc tells it; nothing for one that is gone, undefined for one that may not be looked into. */
export function openFilesOf(pid: string): string[] | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((descriptor) => linkOf(`/proc/${pid}/fd/${descriptor}`) ?? '')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? undefined : []
  }
}

/** Undefined for a process that is gone, a zombie, or somebody else's. */
function workingDirectoryOf(pid: string): string | undefined {
  return linkOf(`/proc/${pid}/cwd`)
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** The fourth field after the command's name in /proc/<pid>/stat, of a process that is not a zombie already. */
export function sessionOf(pid: string): number | undefined {
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
