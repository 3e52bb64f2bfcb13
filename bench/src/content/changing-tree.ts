import { randomUUID } from 'node:crypto'
import { reapi } from '@gorego/core'
import { digestMessage } from '../wire/digest-message.js'
import { type Blob, type BuiltAction, blobOf, buildAction } from './build-action.js'

const FILES_PER_DIRECTORY = 20

const run = randomUUID()

/** A tree of input files in directories of 20. From one action to the next, one file is another one. */
export class ChangingTree {
  readonly #directories: readonly BuiltDirectory[]
  readonly #filesPerDirectory: number

  constructor(readonly files: number) {
    this.#filesPerDirectory = Math.min(files, FILES_PER_DIRECTORY)
    const directories = files / this.#filesPerDirectory
    if (!Number.isInteger(directories))
      throw new Error(`${files} files do not fill directories of ${FILES_PER_DIRECTORY}`)
    this.#directories = Array.from({ length: directories }, (_, place) => this.#build(place, 'the same for all'))
  }

  /** What all actions have in common. */
  get blobs(): Blob[] {
    return this.#directories.flatMap(({ directory, files }) => [directory, ...files])
  }

  /** Counts its input files: the exit code would be 1. */
  countingAction(number: number): BuiltAction {
    const count = `test $(find . -type f | wc -l) -eq ${this.files}`
    return this.#action(number, ['/bin/sh', '-c', count])
  }

  /** Looks into the file that is another one, and costs the same however many there are. */
  lookingAction(number: number): BuiltAction {
    const changed = `${nameOf('directory', number % this.#directories.length)}/${nameOf('file', 0)}`
    return this.#action(number, ['/bin/grep', '-q', `${changeOf(number)}$`, changed])
  }

  #action(number: number, argv: readonly string[]): BuiltAction {
    const changed = number % this.#directories.length
    const fresh = this.#build(changed, changeOf(number))
    const inputs = new reapi.Directory()
    for (const [place, { directory }] of this.#directories.entries()) {
      const { digest } = place === changed ? fresh.directory : directory
      inputs.addDirectories(
        new reapi.DirectoryNode().setName(nameOf('directory', place)).setDigest(digestMessage(digest)),
      )
    }
    const { digest, blobs } = buildAction({ argv, path: '/usr/bin:/bin', inputs })
    return { digest, blobs: [...fresh.files, fresh.directory, ...blobs] }
  }

  /** The text goes into the first of the files. */
  #build(place: number, text: string): BuiltDirectory {
    const files = Array.from({ length: this.#filesPerDirectory }, (_, n) =>
      blobOf(Buffer.from(`${run} ${place} ${n} ${n === 0 ? text : ''}\n`)),
    )
    const message = new reapi.Directory()
    for (const [n, { digest }] of files.entries()) {
      message.addFiles(new reapi.FileNode().setName(nameOf('file', n)).setDigest(digestMessage(digest)))
    }
    return { directory: blobOf(message.serializeBinary()), files }
  }
}

interface BuiltDirectory {
  readonly directory: Blob
  readonly files: readonly Blob[]
}

const changeOf = (number: number) => `changed for ${number}`

/** Sorted by name, they are sorted by number. */
const nameOf = (kind: string, number: number) => `${kind}-${String(number).padStart(5, '0')}`
