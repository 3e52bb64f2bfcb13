import { constants, copyFileSync, linkSync } from 'node:fs'

/** Reasons why a hard link cannot be made where a copy can: the inode's link limit, another file system, a policy. */
const LINK_REFUSED = new Set(['EMLINK', 'EXDEV', 'EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** Links `target` to `source`'s inode, or copies it (sharing blocks where the file system can) where no link is possible. */
export function linkOrCopy(source: string, target: string): 'linked' | 'copied' {
  try {
    linkSync(source, target)
    return 'linked'
  } catch (error) {
    if (!isLinkRefused(error)) throw error
    copyFile(source, target)
    return 'copied'
  }
}

/** Copies to a file that must not exist yet, as a clone that shares blocks where the file system can. */
export function copyFile(source: string, target: string): void {
  copyFileSync(source, target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
}

/** Whether a file that cannot be linked can still be copied. */
export function isLinkRefused(error: unknown): boolean {
  return LINK_REFUSED.has((error as NodeJS.ErrnoException).code ?? '')
}
