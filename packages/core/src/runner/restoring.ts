import { chmodSync, lstatSync } from 'node:fs'
import { removeTree } from '../disk/index.js'
import { isUntouched, type KeptDirectory } from './kept-directory.js'
import { removeStrangers } from './remove-strangers.js'

export interface RestoringOptions {
  /** When the command was started, in milliseconds since 1970. */
  readonly startedAt: number
  /** Where deep trees are moved to on their way out. */
  readonly aside: string
  /** Whether that inode became the store's as an output: it cannot stay as an input. */
  readonly isOutput: (inode: number) => boolean
}

/**
 * Undoes what a command did to a kept directory and those below it. What is gone or is another file leaves the books, and the
 * digest with it. False if the directory itself is not the one that was made.
 */
export function restoreDirectory(kept: KeptDirectory, path: string, options: RestoringOptions): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats?.ino !== kept.inode || !stats.isDirectory()) return false
  const { startedAt, aside, isOutput } = options
  if (stats.mode !== kept.mode) chmodSync(path, kept.mode)
  const untouched = isUntouched(kept, stats, startedAt)
  let whole = untouched || removeStrangers(path, kept, aside)
  let removed = false
  const remove = (name: string) => {
    removeTree(`${path}/${name}`, aside)
    whole = false
    removed = true
  }
  for (const [name, file] of kept.files) {
    if (file !== undefined && !isOutput(file.inode)) continue
    remove(name)
    kept.files.delete(name)
  }
  for (const [name, child] of kept.directories) {
    if (restoreDirectory(child, `${path}/${name}`, options)) {
      whole &&= child.digest !== undefined
      continue
    }
    remove(name)
    kept.directories.delete(name)
  }
  if (!whole) kept.digest = undefined
  if (!untouched || removed) kept.changedAt = lstatSync(path).ctimeMs
  return true
}
