import { statfsSync } from 'node:fs'

/** What this user could still write to the disk that `path` is on, in bytes (some microseconds); a disk that cannot be asked, or does not count, has no end. */
export function freeBytes(path: string): number {
  try {
    const { bsize, blocks, bfree, bavail } = statfsSync(path)
    // Some blocks are root's alone.
    const free = process.geteuid?.() === 0 ? bfree : bavail
    return blocks === 0 ? Number.POSITIVE_INFINITY : free * bsize
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
