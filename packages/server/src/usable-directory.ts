import { accessSync, constants } from 'node:fs'
import { userInfo } from 'node:os'
import { GoregoError, makeDirectories } from '@gorego/core'

/**
 * Makes a directory where there is none, and throws with the cause and the next step where this process cannot use it. `setting`: where
 * the path comes from.
 */
export function ensureUsable(path: string, setting: string): void {
  try {
    makeDirectories(path, { mode: 0o755 })
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new GoregoError(
      'internal',
      `cannot keep anything in ${path}: ${whyNot(code) ?? message} (or choose another directory with ${setting})`,
      { cause: error },
    )
  }
}

function whyNot(code: string | undefined): string | undefined {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return `the user ${userName()} may not write there: give the directory to that user with chown`
    case 'EROFS':
      return 'its file system is read-only: mount it writable'
    case 'ENOSPC':
    case 'EDQUOT':
      return 'no space is left on its disk: free some'
    case 'ENOTDIR':
    case 'EEXIST':
      return 'a part of that path is a file, or a link that leads nowhere: remove it'
    case 'ENOENT':
      return 'its file system takes no new directories: mount one that does'
    default:
      return undefined
  }
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // In a container, a user need not have a name.
    return String(process.getuid?.())
  }
}
