import { renameSync } from 'node:fs'
import { makingDirectoryOf } from './making-directory-of.js'

/** Renames a file to where it belongs, in a directory that may have to be made. */
export function moveInto(source: string, target: string): void {
  makingDirectoryOf(target, () => renameSync(source, target))
}
