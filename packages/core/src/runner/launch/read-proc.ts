import { closeSync, openSync, readSync } from 'node:fs'

/** Files of /proc that we read are short. One buffer for all: a runner reads one at a time. */
const buffer = Buffer.allocUnsafeSlow(64 * 1024)

/** A file of /proc, up to 64 KiB of it; undefined where it is not there (any more). A third of what readFileSync takes. */
export function readProc(path: string): string | undefined {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    return buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0))
  } catch {
    // The process ended in between.
    return undefined
  } finally {
    closeSync(fd)
  }
}
