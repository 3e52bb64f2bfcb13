import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a directory, and those above it, where there are none; `mode` is that of each. Throws what the system says: ENOENT is of a file system
 * that takes no new directories.
 *
 * One after the other: on such file systems, /proc for one, Node's own `recursive` tries for ever and cannot be interrupted.
 */
export function makeDirectories(path: string, { mode = 0o777 }: { readonly mode?: number } = {}): void {
  if (isDirectory(path)) return
  const parent = dirname(path)
  // Of a working directory that was removed, `.` has itself above it.
  if (parent !== path && !existsSync(parent)) makeDirectories(parent, { mode })
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    // Another process may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isDirectory(path)) throw error
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
