import { statfsSync } from 'node:fs'

/** Less than this is nothing: who writes finds no room for the next block, or soon will. */
const NOTHING_BYTES = 64 * 1024

/**
 * Whether the disk that `path` is on has no space or no inodes left, for this user. A command that ran into it may have
 * noticed or not; so one asks the disk (some microseconds).
 */
export function isDiskOfFull(path: string): boolean {
  const { bsize, blocks, bfree, bavail, files, ffree } = statfsSync(path)
  // Some blocks are root's alone. File systems that count neither blocks nor inodes say 0 of 0.
  const free = (process.geteuid?.() === 0 ? bfree : bavail) * bsize
  return (blocks > 0 && free < NOTHING_BYTES) || (files > 0 && ffree === 0)
}
