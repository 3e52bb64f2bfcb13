import { lstatSync, type Stats } from 'node:fs'
import type { Digest } from '../digest/index.js'
import { COARSE_CLOCK_MS, type PlacedFile } from './input-files.js'

/** A directory of the input root as it was laid out: the last action's Merkle tree, with what is known of the files. */
export interface KeptDirectory {
  /** Whose content it has; undefined while something is missing of it, here or anywhere below. */
  digest: Digest | undefined
  /** Entries here and in everything below; of a directory with a digest. */
  entries: number
  readonly inode: number
  readonly mode: number
  /** Its change time when it was last known to hold what it should, in milliseconds since 1970. */
  changedAt: number
  /** Undefined for what was found to be gone, or another file. */
  readonly files: Map<string, PlacedFile | undefined>
  /** Their targets. */
  readonly symlinks: Map<string, string>
  readonly directories: Map<string, KeptDirectory>
}

/** What of a directory tells whether it is as it was. */
type DirectoryStats = Pick<Stats, 'ino' | 'mode' | 'ctimeMs'>

/** Whether nobody has touched a directory since it was last looked at, as far as its change time tells. */
export function isAsLeft(kept: KeptDirectory, path: string): boolean {
  return matches(kept, lstatSync(path, { throwIfNoEntry: false }))
}

/** Whether nothing can have come into a directory or left it since a moment, in milliseconds since 1970. `stats`: what it is now. */
export function isUntouched(kept: KeptDirectory, stats: DirectoryStats | undefined, since: number): boolean {
  return matches(kept, stats) && kept.changedAt <= since - COARSE_CLOCK_MS
}

function matches({ inode, mode, changedAt }: KeptDirectory, stats: DirectoryStats | undefined): boolean {
  return stats?.ino === inode && stats.mode === mode && stats.ctimeMs === changedAt
}

/** Visits a directory and those below it. */
export function forEachDirectory(
  root: KeptDirectory,
  rootPath: string,
  visit: (directory: KeptDirectory, path: string) => void,
): void {
  const waiting = [{ directory: root, path: rootPath }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { directory, path } = next
    visit(directory, path)
    for (const [name, child] of directory.directories) waiting.push({ directory: child, path: `${path}/${name}` })
  }
}
