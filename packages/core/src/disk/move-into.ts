import { renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeDirectories } from './make-directories.js'

/**
 * Renames a file to where it belongs. The directory is made when a rename finds none, which is once for each of them:
 * to have them all beforehand would be 256 for every digest function.
 */
export function moveInto(source: string, target: string): void {
  try {
    renameSync(source, target)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    makeDirectories(dirname(target))
    renameSync(source, target)
  }
}
