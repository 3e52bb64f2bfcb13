import { randomUUID } from 'node:crypto'
import { reapi } from '@gorego/core'
import { digestMessage } from '../wire/digest-message.js'
import { type Blob, type BuiltAction, blobOf, buildAction } from './build-action.js'

const DIRECTORIES = 100
const FILES = 2000

const run = randomUUID()
// Checks as it counts: the exit code would be 1.
const COUNT_FILES = ['/bin/sh', '-c', `test $(find . -type f | wc -l) -eq ${FILES}`]

/** Actions over 2,000 files in 100 directories. From one to the next, one file is another one. */
export class ChangingTree {
  readonly #directories = Array.from({ length: DIRECTORIES }, (_, number) => directoryOf(number, 'the same for all'))

  /** What all actions have in common. */
  get blobs(): Blob[] {
    return this.#directories.flatMap(({ directory, files }) => [directory, ...files])
  }

  action(number: number): BuiltAction {
    const changed = number % DIRECTORIES
    const fresh = directoryOf(changed, `changed for ${number}`)
    const inputs = new reapi.Directory()
    for (const [place, { directory }] of this.#directories.entries()) {
      const { digest } = place === changed ? fresh.directory : directory
      inputs.addDirectories(
        new reapi.DirectoryNode().setName(nameOf('directory', place)).setDigest(digestMessage(digest)),
      )
    }
    const { digest, blobs } = buildAction({ argv: COUNT_FILES, path: '/usr/bin:/bin', inputs })
    return { digest, blobs: [...fresh.files, fresh.directory, ...blobs] }
  }
}

/** The text goes into the first of the files. */
function directoryOf(place: number, text: string): { directory: Blob; files: Blob[] } {
  const files = Array.from({ length: FILES / DIRECTORIES }, (_, n) =>
    blobOf(Buffer.from(`${run} ${place} ${n} ${n === 0 ? text : ''}\n`)),
  )
  const message = new reapi.Directory()
  for (const [n, { digest }] of files.entries()) {
    message.addFiles(new reapi.FileNode().setName(nameOf('file', n)).setDigest(digestMessage(digest)))
  }
  return { directory: blobOf(message.serializeBinary()), files }
}

/** Sorted by name, they are sorted by number. */
const nameOf = (kind: string, number: number) => `${kind}-${String(number).padStart(3, '0')}`
