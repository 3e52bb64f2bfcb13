import type { DirectoryToLookAt, FileState, FoundFiles } from './found-files.js'
import { type PlacedFile, statsIfAny } from './input-files.js'
import { forEachDirectory, isUntouched, type KeptDirectory } from './kept-directory.js'

/** Of paths and names that others are told to look at, altogether, in UTF-16 units; beyond, we look ourselves. */
const MAX_TOLD = 16 * 1024 * 1024

/** Is given a file that was put in place, what is there now, and the path of the directory that it is in. */
export type VisitFile = (
  placed: PlacedFile,
  state: FileState | undefined,
  name: string,
  directory: KeptDirectory,
  directoryPath: string,
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
   * first of the directories above; what is not in it is looked at now. Returns the directories of which was found that nothing had come into
   * them or left them when nobody was there any more to do it.
   */
  forEachFile(found: FoundFiles | undefined, startedAt: number, visit: VisitFile): ReadonlySet<KeptDirectory> {
    const untouchedOnes = new Set<KeptDirectory>()
    let n = 0
    const known = found?.count ?? 0
    this.#forEachDirectory((directory, directoryPath) => {
      const isKnown = n < known
      const directoryState = isKnown ? found?.at(n++) : statsIfAny(directoryPath)
      const untouched = isUntouched(directory, directoryState, startedAt)
      if (untouched && isKnown) untouchedOnes.add(directory)
      if (untouched && this.#onlyReplaced) return
      for (const [name, placed] of directory.files) {
        const isTold = !this.#onlyReplaced && n < known
        const state = isTold ? found?.at(n++) : statsIfAny(`${directoryPath}/${name}`)
        if (placed !== undefined) visit(placed, state, name, directory, directoryPath)
      }
    })
    return untouchedOnes
  }

  #forEachDirectory(visit: (directory: KeptDirectory, path: string) => void): void {
    forEachDirectory(this.#root, this.#path, (directory, path) => {
      if (directory.files.size > 0) visit(directory, path)
    })
  }
}
