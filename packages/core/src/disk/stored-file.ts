import { chmodSync, constants, fchmodSync, fstatSync, futimesSync, type Stats, utimesSync } from 'node:fs'
import type { BlobVariant } from './store-layout.js'

/**
 * Every stored file has this one modification time (2000-01-01, seconds since 1970). Actions see the same inputs with
 * the same times whenever they run, and a file that somebody wrote to gives itself away.
 */
export const STORED_MTIME_S = 946_684_800

const MODES: Record<BlobVariant, number> = { plain: 0o444, executable: 0o555 }

export function storedMode(variant: BlobVariant): number {
  return MODES[variant]
}

/** Gives a finished temporary file the mode and time of a stored one, whatever the umask left of the mode. */
export function sealFile(path: string, variant: BlobVariant): void {
  chmodSync(path, MODES[variant])
  utimesSync(path, STORED_MTIME_S, STORED_MTIME_S)
}

/** As `sealFile`, through an open descriptor. `mode`: what the file has, where that is known. */
export function sealDescriptor(fd: number, variant: BlobVariant, mode = fstatSync(fd).mode): void {
  if ((mode & 0o777) !== MODES[variant]) fchmodSync(fd, MODES[variant])
  futimesSync(fd, STORED_MTIME_S, STORED_MTIME_S)
}

/** False for a file that is shorter or longer than its name says, or that was written to after it was stored. */
export function isIntact(stats: Pick<Stats, 'mode' | 'size' | 'mtimeMs'>, sizeBytes: number): boolean {
  const isFile = (stats.mode & constants.S_IFMT) === constants.S_IFREG
  return isFile && stats.size === sizeBytes && stats.mtimeMs === STORED_MTIME_S * 1000
}
