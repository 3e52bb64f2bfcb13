import { randomUUID } from 'node:crypto'
import { type Digest, reapi } from '@gorego/core'
import { type BuiltBlob, buildAction } from '@gorego/core/testing'
import { digestMessage } from '../wire/digest-message.js'
import type { NumberedAction } from './distinct-actions.js'

const DIRECTORIES = 100
const FILES = 2000

const run = randomUUID()
// Checks as it counts: the exit code would be 1.
const COUNT_FILES = ['/bin/sh', '-c', `test $(find . -type f | wc -l) -eq ${FILES}`]

/** Actions over 2,000 files in 100 directories. From one to the next, one file is another one. */
export class ChangingTree {
  readonly #directories = Array.from({ length: DIRECTORIES }, (_, number) => directoryOf(number, 'the same for all'))

  /** What all actions have in common, besides. */
  get blobs(): BuiltBlob[] {
    return this.#directories.flatMap(({ blobs }) => blobs)
  }

  action(number: number): NumberedAction {
    const changed = number % DIRECTORIES
    const fresh = directoryOf(changed, `changed for ${number}`)
    const root = new reapi.Directory()
    for (const [place, { digest }] of this.#directories.entries()) {
      const node = new reapi.DirectoryNode().setName(directoryName(place))
      root.addDirectories(node.setDigest(digestMessage(place === changed ? fresh.digest : digest)))
    }
    const action = buildAction({ argv: COUNT_FILES, env: [['PATH', '/usr/bin:/bin']], inputs: root })
    return { digest: action.digest, blobs: [...fresh.blobs, ...action.blobs] }
  }
}

const directoryName = (number: number) => `directory-${String(number).padStart(3, '0')}`

/** A directory as blobs. The text goes into one of its files. */
function directoryOf(number: number, text: string): { digest: Digest; blobs: BuiltBlob[] } {
  const names = Array.from({ length: FILES / DIRECTORIES }, (_, n) => `file-${String(n).padStart(2, '0')}.txt`)
  const content = (name: string, n: number) => `${run} ${number} ${name} ${n === 0 ? text : ''}\n`
  const action = buildAction({ inputs: Object.fromEntries(names.map((name, n) => [name, content(name, n)])) })
  const unwanted = new Set([action.digest.key, action.commandDigest.key])
  return {
    digest: action.inputRootDigest,
    blobs: action.blobs.filter(({ digest }) => !unwanted.has(digest.key)),
  }
}
