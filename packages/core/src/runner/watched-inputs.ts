import type { DirectoryToLookAt, FileState, FoundFiles } from './found-files.js'
import { type PlacedFile, statsIfAny } from './input-files.js'
import { forEachDirectory, isUntouched, type KeptDirectory } from './kept-directory.js'

/** Of paths and names that others are told to look at, altogether, in UTF-16 units; beyond, we look ourselves. */
const MAX_TOLD = 16 * 1024 * 1024

/** Is given a file that was put in place, and what is there now. */
export type VisitFile = (
  placed: PlacedFile,
  state: FileState | undefined,
  path: string,
  name: string,
  directory: KeptDirectory,
) => void

/**
 * What of an input root has to be looked at after a command: every file, of which there can be thousands, so whoever has cheaper
 * system calls may do it (`toLookAt`). Where a file can only be replaced, which shows in its directory, the directories.
 */
export class WatchedInputs {
  readonly #root: KeptDirectory
  readonly #path: string
  readonly #onlyReplaced: boolean

  /** `root`: not to be changed between the two calls. `onlyReplaced`: whether no file can be written to. */
  constructor(root: KeptDirectory, path: string, onlyReplaced: boolean) {
    this.#root = root
    this.#path = path
    this.#onlyReplaced = onlyReplaced
  }

  toLookAt(): DirectoryToLookAt[] {
    const directories: DirectoryToLookAt[] = []
    let length = 0
    this.#forEachDirectory(({ files }, path) => {
      const names = this.#onlyReplaced ? [] : [...files.keys()]
      length += names.reduce((sum, name) => sum + name.length, path.length)
      if (length <= MAX_TOLD) directories.push({ path, names })
    })
    return directories
  }

  /**
   * Visits the files that the command, started at a moment (milliseconds since 1970), may have done something to. `found`: at the
   * first of the directories above; what is not in it is looked at now.
   */
  forEachFile(found: FoundFiles | undefined, startedAt: number, visit: VisitFile): void {
    let n = 0
    const known = found?.count ?? 0
    const look = (path: string) => (n < known ? found?.at(n++) : statsIfAny(path))
    this.#forEachDirectory((directory, directoryPath) => {
      const directoryState = look(directoryPath)
      if (this.#onlyReplaced && isUntouched(directory, directoryState, startedAt)) return
      for (const [name, placed] of directory.files) {
        const path = `${directoryPath}/${name}`
        const state = this.#onlyReplaced ? statsIfAny(path) : look(path)
        if (placed !== undefined) visit(placed, state, path, name, directory)
      }
    })
  }

  #forEachDirectory(visit: (directory: KeptDirectory, path: string) => void): void {
    forEachDirectory(this.#root, this.#path, (directory, path) => {
      if (directory.files.size > 0) visit(directory, path)
    })
  }
}
