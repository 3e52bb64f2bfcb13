import type { ErrorCode } from '@gorego/core'

/** What the system refuses, to some call or to any, in words, with what to do about it, and whose matter that is. */
const PROBLEMS: Readonly<Record<string, readonly [text: string, code: ErrorCode]>> = {
  ENOENT: ['there is no such file or directory: check the path, or make it', 'failed-precondition'],
  'mkdir ENOENT': ['its file system takes no new directories: name another', 'failed-precondition'],
  EEXIST: ['a file, or a link that leads nowhere, has that name: name another', 'failed-precondition'],
  ENOTDIR: ['a part of that path is a file: name another', 'failed-precondition'],
  EISDIR: ['it is a directory: name a file', 'failed-precondition'],
  ELOOP: ['its symbolic links lead nowhere: name another', 'failed-precondition'],
  ENAMETOOLONG: ['the name is too long for the file system: name another', 'failed-precondition'],
  EACCES: ['this user may not: change its owner or mode, or name another', 'internal'],
  EPERM: ['this user may not: change its owner or mode, or name another', 'internal'],
  EROFS: ['its file system is read-only: name another', 'internal'],
  ENOSPC: ['no space is left on its disk: free some', 'internal'],
  EDQUOT: ['no space is left for this user: free some', 'internal'],
}

/** What the operating system refused: EACCES, ENOSPC, … */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'errno' in error
}

/** Does something with a file that the command line names (`what`: the flag and the path); what the system refuses is told in its terms. */
export async function withFile<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!isSystemError(error)) throw error
    const { GoregoError } = await import('@gorego/core')
    const [text, code] = PROBLEMS[`${error.syscall} ${error.code}`] ??
      PROBLEMS[`${error.code}`] ?? [error.message, 'internal']
    throw new GoregoError(code, `${what}: ${text}`, { cause: error })
  }
}
