import type { Digest } from '../digest/index.js'
import type { BlobFiles } from './blob-files.js'
import { type DirectoryPolicy, type InputDirectory, parseInputDirectory } from './input-directory.js'

/** How many entries of decoded Directories are kept, some 300 bytes each. */
const MAX_CACHED_ENTRIES = 20_000

/**
 * Reads Directories from the store and keeps those that were used last decoded: builds that take turns in a slot have
 * most of their Directories in common with what each of them asked for before. One that the store has evicted meanwhile
 * is still known by its digest, which says all that it holds.
 */
export class DirectoryReader {
  readonly #blobs: Pick<BlobFiles, 'readMessage'>
  readonly #policy: DirectoryPolicy
  /** Least recently used first. */
  readonly #cache = new Map<string, InputDirectory>()
  #entries = 0

  constructor(blobs: Pick<BlobFiles, 'readMessage'>, policy: DirectoryPolicy) {
    this.#blobs = blobs
    this.#policy = policy
  }

  /** Undefined for one that the store does not have. Throws `invalid-argument` for one that no tree may have. */
  read(digest: Digest): InputDirectory | undefined {
    const known = this.#cache.get(digest.key)
    if (known !== undefined) {
      this.#cache.delete(digest.key)
      this.#cache.set(digest.key, known)
      return known
    }
    const bytes = this.#blobs.readMessage(digest)
    if (bytes === undefined) return undefined
    const directory = parseInputDirectory(digest.fn, bytes, digest, this.#policy)
    this.#keep(digest, directory)
    return directory
  }

  #keep(digest: Digest, directory: InputDirectory): void {
    this.#cache.set(digest.key, directory)
    this.#entries += weight(directory)
    for (const [key, oldest] of this.#cache) {
      if (this.#entries <= MAX_CACHED_ENTRIES) return
      this.#cache.delete(key)
      this.#entries -= weight(oldest)
    }
  }
}

/** One more than what it holds: an empty one takes some memory, too. */
function weight({ files, directories, symlinks }: InputDirectory): number {
  return 1 + files.size + directories.size + symlinks.size
}
