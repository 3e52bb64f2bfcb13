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
  /** Directories of which is known that nothing came into them or left them. */
  readonly untouched?: ReadonlySet<KeptDirectory> | undefined
}

/**
 * Undoes what a command did to a kept directory and those below it. What is gone or is another file leaves the books, and the
 * digest with it. False if the directory itself is not the one that was made.
 */
export function restoreDirectory(kept: KeptDirectory, path: string, options: RestoringOptions): boolean {
  const { aside, isOutput } = options
  const state = options.untouched?.has(kept) ? 'untouched' : stateOf(kept, path, options.startedAt)
  if (state === 'replaced') return false
  const untouched = state === 'untouched'
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

/** What a command, started at a moment, did to the directory at a path; its mode is put back. */
function stateOf(kept: KeptDirectory, path: string, startedAt: number): 'untouched' | 'touched' | 'replaced' {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats?.ino !== kept.inode || !stats.isDirectory()) return 'replaced'
  if (isUntouched(kept, stats, startedAt)) return 'untouched'
  if (stats.mode !== kept.mode) chmodSync(path, kept.mode)
  return 'touched'
}
