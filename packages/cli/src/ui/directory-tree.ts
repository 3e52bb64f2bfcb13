import type { Digest, DirectoryEntry } from '@gorego/core'
import { showBytes } from './amounts.js'
import { plainLine } from './plain-text.js'

export interface DirectoryTreeOptions {
  /** The entries of one directory. */
  readonly read: (directory: Digest) => Promise<readonly DirectoryEntry[]>
  /** How many entries are found at most: equal directories in each other can stand for more than there are atoms. */
  readonly limit: number
}

/** An entry at its place. */
export interface TreeEntry {
  readonly entry: DirectoryEntry
  /** The directory that it is in, with a slash behind it; empty for the root. */
  readonly above: string
  /** For it and each directory above it, outermost first: whether it is the last one in there. */
  readonly lasts: readonly boolean[]
}

/** A directory and all below it, told while it is read; each distinct directory is read once. */
export class DirectoryTree {
  readonly #options: DirectoryTreeOptions
  readonly #known = new Map<string, Promise<readonly DirectoryEntry[]>>()
  #left: number
  files = 0
  directories = 0
  bytes = 0
  isCut = false

  constructor(options: DirectoryTreeOptions) {
    this.#options = options
    this.#left = options.limit
  }

  async *entries(directory: Digest, above = '', lastsAbove: readonly boolean[] = []): AsyncGenerator<TreeEntry> {
    const entries = await this.#read(directory)
    for (const [at, entry] of entries.entries()) {
      if (this.#left === 0) {
        this.isCut = true
        return
      }
      this.#left--
      this.#count(entry)
      const lasts = [...lastsAbove, at === entries.length - 1]
      yield { entry, above, lasts }
      if (entry.kind === 'directory') yield* this.entries(entry.digest, `${above}${entry.name}/`, lasts)
    }
  }

  #count(entry: DirectoryEntry): void {
    if (entry.kind === 'directory') this.directories++
    if (entry.kind !== 'file') return
    this.files++
    this.bytes += entry.digest.sizeBytes
  }

  #read(directory: Digest): Promise<readonly DirectoryEntry[]> {
    const known = this.#known.get(directory.key) ?? this.#options.read(directory)
    this.#known.set(directory.key, known)
    return known
  }
}

/** An entry as a line of a drawing. */
export function treeLine({ entry, lasts }: TreeEntry): string {
  const trunk = lasts.slice(0, -1).map((isLast) => (isLast ? '    ' : '│   '))
  return `${trunk.join('')}${lasts.at(-1) ? '└── ' : '├── '}${described(entry)}`
}

/** An entry for a program, with its path from the root. */
export function treeJson({ entry, above }: TreeEntry): Record<string, unknown> {
  const { name, ...rest } = entry
  const path = `${above}${name}`
  return entry.kind === 'symlink' ? { path, ...rest } : { path, ...rest, digest: String(entry.digest) }
}

function described(entry: DirectoryEntry): string {
  const name = plainLine(entry.name)
  if (entry.kind === 'symlink') return `${name} -> ${plainLine(entry.target)}`
  if (entry.kind === 'directory') return `${name}/`
  return `${name}${entry.executable ? '*' : ''}  ${showBytes(entry.digest.sizeBytes)}`
}
