import { GoregoError } from '../errors/index.js'

/** Somebody has to free space first. Clients that are told to come back give up after some tries; this is for patient ones. */
const RETRY_AFTER_MS = 30_000

/** No space, no inodes, a quota that is used up, or a file beyond what a limit or the file system allows. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is larger than the system allows',
}

/** Whether a write failed because of what is already on the disk, and not because of what was to be written. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && reasonOf(error) !== undefined
}

/** The error to tell a client about a full disk. `where` completes "no space is left on the disk of …". */
export function diskFull(cause: unknown, where: string): GoregoError {
  const reason = reasonOf(cause) ?? String(cause)
  return new GoregoError('resource-exhausted', `${reason} on the disk of ${where}: free some there, and try again`, {
    details: [{ kind: 'retry-after', delayMs: RETRY_AFTER_MS }],
    cause,
  })
}

/** Does something that may fill a disk, and says which one where it does. */
export function onDiskOf<T>(where: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw isDiskFull(error) ? diskFull(error, where) : error
  }
}

function reasonOf(error: unknown): string | undefined {
  return REASONS[(error as NodeJS.ErrnoException).code ?? '']
}
