import { constants, createWriteStream } from 'node:fs'
import { chmod, copyFile, link, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { isLinkRefused } from '../disk/index.js'

/** How `materialize` goes about files. */
export interface MaterializeOptions {
  /**
   * What the files are:
   *
   * - `reflink`, the default: files of their own that share their blocks with the store's until either is written to, where the file system can do
   *   that (Btrfs, XFS, APFS), and copies where not.
   * - `copy`: files of their own, blocks and all.
   * - `hardlink`: the store's own files, which costs neither time nor space. They are read-only (0444 or 0555, last changed in 2000), and who writes to one all the
   *   same, as root can, spoils the blob: the store notices by the modification time and throws it out. Replacing or removing
   *   one is fine. Where a link cannot be made (another file system, a store elsewhere), a reflink or copy is.
   */
  readonly link?: 'reflink' | 'copy' | 'hardlink'
}

/** How many files became what. */
export interface Materialized {
  /** The store's own files. */
  readonly linked: number
  /** Files that share their blocks with the store's. */
  readonly cloned: number
  readonly copied: number
}

export interface FileToPlace {
  /** Its directory is there. */
  readonly path: string
  readonly digest: Digest
  readonly executable: boolean
}

/** Puts blobs at paths as files: whole, in place of what was there, as cheaply as it was asked for and can be. */
export class PlacedFiles {
  readonly #cas: ContentAddressableStorage
  readonly #link: NonNullable<MaterializeOptions['link']>
  readonly #counts = { linked: 0, cloned: 0, copied: 0 }
  /** Until the file system has said no. */
  #clones = true

  constructor(cas: ContentAddressableStorage, { link: how = 'reflink' }: MaterializeOptions) {
    this.#cas = cas
    this.#link = how
  }

  get counts(): Materialized {
    return { ...this.#counts }
  }

  async place({ path, digest, executable }: FileToPlace, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const temporary = join(dirname(path), `.gorego-${process.pid}-${written++}`)
    try {
      this.#counts[await this.#make(temporary, digest, executable, signal)]++
      await replace(temporary, path)
    } finally {
      // Also where it and what is there are one file already: then renaming does nothing.
      await rm(temporary, { force: true })
    }
  }

  async #make(
    target: string,
    digest: Digest,
    executable: boolean,
    signal: AbortSignal | undefined,
  ): Promise<keyof Materialized> {
    if (this.#link === 'hardlink') {
      const file = await this.#cas.blobFile?.(digest, { executable }, signal)
      if (file !== undefined && (await linked(file, target))) return 'linked'
    }
    const file = this.#link === 'copy' ? undefined : await this.#cas.blobFile?.(digest, { executable: false }, signal)
    const mode = executable ? 0o755 : 0o644
    const made = file === undefined ? undefined : await this.#copyFile(file, target)
    if (made === undefined) {
      const chunks = Readable.from(this.#cas.read(digest, {}, signal), { objectMode: false })
      await pipeline(chunks, createWriteStream(target, { mode }), { signal })
      return 'copied'
    }
    // It has the mode of the store's.
    await chmod(target, mode & ~process.umask())
    return made
  }

  /** Undefined where the file has gone meanwhile. */
  async #copyFile(file: string, target: string): Promise<'cloned' | 'copied' | undefined> {
    try {
      if (this.#clones && (await cloned(file, target))) return 'cloned'
      this.#clones = false
      await copyFile(file, target, constants.COPYFILE_EXCL)
      return 'copied'
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      return undefined
    }
  }
}

let written = 0

async function linked(file: string, target: string): Promise<boolean> {
  try {
    await link(file, target)
    return true
  } catch (error) {
    // Evicted just now: it is looked for again.
    if (isLinkRefused(error) || (error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

const CLONE_REFUSED = new Set(['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOTTY', 'EINVAL', 'EXDEV'])

async function cloned(file: string, target: string): Promise<boolean> {
  try {
    await copyFile(file, target, constants.COPYFILE_FICLONE_FORCE | constants.COPYFILE_EXCL)
    return true
  } catch (error) {
    if (CLONE_REFUSED.has((error as NodeJS.ErrnoException).code ?? '')) return false
    throw error
  }
}

async function replace(temporary: string, path: string): Promise<void> {
  try {
    await rename(temporary, path)
  } catch (error) {
    // An earlier output of the same path was a directory.
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error
    await rm(path, { recursive: true })
    await rename(temporary, path)
  }
}
