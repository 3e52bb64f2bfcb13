import type { Digest, DirectoryEntry } from '@gorego/core'
import { showBytes } from './amounts.js'
import { plainLine } from './plain-text.js'

export interface DirectoryTreeOptions {
  /** The entries of one directory. */
  readonly read: (directory: Digest) => Promise<readonly DirectoryEntry[]>
  /** How many entries are drawn at most: equal directories in each other can stand for more than there are atoms. */
  readonly limit: number
}

/** A directory and all below it as lines, drawn while it is read; each distinct directory is read once. */
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

  async *lines(directory: Digest, indent = ''): AsyncGenerator<string> {
    const entries = await this.#entries(directory)
    for (const [at, entry] of entries.entries()) {
      if (this.#left === 0) {
        this.isCut = true
        return
      }
      this.#left--
      const isLast = at === entries.length - 1
      yield `${indent}${isLast ? '└── ' : '├── '}${this.#described(entry)}`
      if (entry.kind === 'directory') yield* this.lines(entry.digest, `${indent}${isLast ? '    ' : '│   '}`)
    }
  }

  #described(entry: DirectoryEntry): string {
    const name = plainLine(entry.name)
    if (entry.kind === 'symlink') return `${name} -> ${plainLine(entry.target)}`
    if (entry.kind === 'directory') {
      this.directories++
      return `${name}/`
    }
    this.files++
    this.bytes += entry.digest.sizeBytes
    return `${name}${entry.executable ? '*' : ''}  ${showBytes(entry.digest.sizeBytes)}`
  }

  #entries(directory: Digest): Promise<readonly DirectoryEntry[]> {
    const known = this.#known.get(directory.key) ?? this.#options.read(directory)
    this.#known.set(directory.key, known)
    return known
  }
}
