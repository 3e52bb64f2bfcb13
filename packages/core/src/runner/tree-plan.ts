import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import type { DirectoryReader } from './directory-reader.js'
import type { InputDirectory } from './input-directory.js'
import type { KeptDirectory } from './kept-directory.js'

/** A tree of identical subtrees can stand for more files than there are atoms: this many entries are the end. */
const MAX_ENTRIES = 1_000_000

/** Deeper ones have paths beyond PATH_MAX (4,096 bytes). */
const MAX_DEPTH = 2048

/**
 * The Directories that have to be looked into to turn a kept tree into another. What the other tree stands for is counted
 * before any of it is made. A subtree that stays as it is need not be read.
 */
export class TreePlan {
  readonly #reader: DirectoryReader
  readonly #directories = new Map<string, InputDirectory | undefined>()
  readonly #entries = new Map<string, number>()

  constructor(reader: DirectoryReader, root: Digest, kept: KeptDirectory | undefined) {
    this.#reader = reader
    this.#count(root, kept, 0)
  }

  /** Undefined for one that the store does not have. */
  directory(digest: Digest): InputDirectory | undefined {
    if (!this.#directories.has(digest.key)) this.#directories.set(digest.key, this.#reader.read(digest))
    return this.#directories.get(digest.key)
  }

  /** Entries of a Directory and of everything below it, in the whole tree. */
  #count(digest: Digest, kept: KeptDirectory | undefined, depth: number): number {
    if (kept?.digest?.equals(digest)) return kept.entries
    const known = this.#entries.get(digest.key)
    if (known !== undefined) return known
    if (depth > MAX_DEPTH)
      throw new GoregoError('invalid-argument', `the input tree is more than ${MAX_DEPTH} directories deep`)
    const directory = this.directory(digest)
    let count = 0
    if (directory !== undefined) {
      count = directory.files.size + directory.directories.size + directory.symlinks.size
      for (const [name, child] of directory.directories)
        count += this.#count(child, kept?.directories.get(name), depth + 1)
    }
    if (count > MAX_ENTRIES)
      throw new GoregoError('invalid-argument', `the input tree has more than ${MAX_ENTRIES} entries`)
    this.#entries.set(digest.key, count)
    return count
  }
}
