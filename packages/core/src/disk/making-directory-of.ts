import { dirname } from 'node:path'
import { makeDirectories } from './make-directories.js'

/**
 * Does what puts something at a path. The directory is made when none is found, which is once for each of them:
 * to have them all beforehand would be 256 for every digest function.
 */
export function makingDirectoryOf<T>(path: string, put: () => T): T {
  try {
    return put()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    makeDirectories(dirname(path))
    return put()
  }
}
