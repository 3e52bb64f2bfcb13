import {
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  type Stats,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { Digest, type DigestFunction, isEmptyBlob } from '../digest/index.js'
import {
  type BlobVariant,
  copyFile,
  isIntact,
  linkOrCopy,
  STORED_MTIME_S,
  type StoreLayout,
  sealFile,
  storedMode,
} from '../disk/index.js'

/** Bytes that are hashed at a time. */
const CHUNK = 1024 * 1024

/**
 * After a run, linked files up to this size whose change time moved are read again, because an action can put a
 * modification time back. A change time also moves whenever another slot makes or removes a link, so for larger files
 * that would mean hashing a toolchain after every action; there, size and modification time must do.
 */
const REREAD_LIMIT = 256 * 1024

/** File times come from a coarse clock: a change just after a moment can be stamped as just before it. */
const COARSE_CLOCK_MS = 10

interface Link {
  readonly digest: Digest
  readonly variant: BlobVariant
}

/**
 * The store's files as one runner uses them for one action: synchronous, by path, without the main process. Remembers
 * what it linked, to check it after the run, and what it added, for the main process's index.
 */
export class BlobFiles {
  readonly stored: Link[] = []
  readonly #layout: StoreLayout
  readonly #temporary: string
  readonly #links = new Map<string, Link>()
  readonly #buffer = Buffer.allocUnsafeSlow(CHUNK)
  #temporaries = 0

  constructor(layout: StoreLayout, temporary: string) {
    this.#layout = layout
    this.#temporary = temporary
  }

  /** Starts the books afresh for the next action. */
  reset(): void {
    this.stored.length = 0
    this.#links.clear()
  }

  /** A whole blob; undefined if the store does not have it. */
  read(digest: Digest): Buffer | undefined {
    if (isEmptyBlob(digest)) return Buffer.alloc(0)
    const bytes = ifThere(() => readFileSync(this.#layout.blob(digest)))
    return bytes?.length === digest.sizeBytes ? bytes : undefined
  }

  /**
   * Puts an input file in place: a link to the stored file, or a copy where it must not share the inode (`copy`) or
   * cannot. False if the store does not have the blob. The executable bit belongs to an inode, so executables are linked
   * to one of their own (CM-12).
   */
  place(digest: Digest, executable: boolean, target: string, copy: boolean): boolean {
    const variant = executable ? 'executable' : 'plain'
    if (isEmptyBlob(digest)) {
      writeFileSync(target, '', { flag: 'wx', mode: storedMode(variant) })
      utimesSync(target, STORED_MTIME_S, STORED_MTIME_S)
      return true
    }
    if (copy) {
      if (ifThere(() => copyFile(this.#layout.blob(digest), target) ?? true) === undefined) return false
      sealFile(target, variant)
      return true
    }
    const source = this.#layout.blob(digest, variant)
    const link = () => ifThere(() => linkOrCopy(source, target))
    const done = link() ?? (executable && this.#makeExecutable(digest, source) ? link() : undefined)
    if (done === undefined) return false
    if (done === 'linked') this.#links.set(source, { digest, variant })
    else sealFile(target, variant)
    return true
  }

  /** Which of the linked blobs are not what they were before the command was started (milliseconds since 1970). */
  altered(startedAt: number): Digest[] {
    const altered = new Map<string, Digest>()
    for (const [path, { digest }] of this.#links) {
      const stats = lstatSync(path, { throwIfNoEntry: false })
      // Gone means evicted, which harms nobody: the action kept its own link.
      if (stats !== undefined && !this.#isUnchanged(path, stats, digest, startedAt)) altered.set(digest.key, digest)
    }
    return [...altered.values()]
  }

  /** Adds a file of the input root to the store, by linking it there; it becomes read-only. */
  storeFile(fn: DigestFunction, path: string, stats: Stats): Digest {
    if (stats.nlink > 1) return this.#storeCopy(fn, path)
    // Sealed before it is hashed: a write that still comes from somewhere shows in the modification time.
    sealFile(path, 'plain')
    const digest = this.#digestFile(fn, path)
    this.#publish(digest, (target) => {
      if (linkOrCopy(path, target) === 'copied') sealFile(target, 'plain')
    })
    return digest
  }

  storeBytes(fn: DigestFunction, bytes: Uint8Array): Digest {
    const digest = Digest.ofBytes(fn, bytes)
    const temporary = this.#temporaryPath()
    this.#publish(digest, (target) => {
      writeFileSync(temporary, bytes)
      sealFile(temporary, 'plain')
      renameSync(temporary, target)
    })
    return digest
  }

  /** A file with several names may change under another of them: take a copy, and hash that. */
  #storeCopy(fn: DigestFunction, path: string): Digest {
    const temporary = this.#temporaryPath()
    copyFile(path, temporary)
    sealFile(temporary, 'plain')
    const digest = this.#digestFile(fn, temporary)
    this.#publish(digest, (target) => linkSync(temporary, target))
    unlinkSync(temporary)
    return digest
  }

  #publish(digest: Digest, put: (target: string) => void): void {
    if (isEmptyBlob(digest)) return
    const target = this.#layout.blob(digest)
    const existing = lstatSync(target, { throwIfNoEntry: false })
    if (existing === undefined || !isIntact(existing, digest.sizeBytes)) {
      if (existing !== undefined) unlinkSync(target)
      try {
        put(target)
      } catch (error) {
        // Another slot was faster with the same bytes.
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
    }
    this.stored.push({ digest, variant: 'plain' })
  }

  #makeExecutable(digest: Digest, target: string): boolean {
    const temporary = this.#temporaryPath()
    if (ifThere(() => copyFile(this.#layout.blob(digest), temporary) ?? true) === undefined) return false
    sealFile(temporary, 'executable')
    renameSync(temporary, target)
    this.stored.push({ digest, variant: 'executable' })
    return true
  }

  #isUnchanged(path: string, stats: Stats, digest: Digest, startedAt: number): boolean {
    if (!isIntact(stats, digest.sizeBytes)) return false
    if (stats.ctimeMs < startedAt - COARSE_CLOCK_MS || digest.sizeBytes > REREAD_LIMIT) return true
    return this.#digestFile(digest.fn, path).equals(digest)
  }

  #digestFile(fn: DigestFunction, path: string): Digest {
    const hasher = fn.createHasher()
    let size = 0
    const fd = openSync(path, 'r')
    try {
      for (let count = readSync(fd, this.#buffer); count > 0; count = readSync(fd, this.#buffer)) {
        hasher.update(this.#buffer.subarray(0, count))
        size += count
      }
    } finally {
      closeSync(fd)
    }
    return Digest.of(fn, hasher.digest(), size)
  }

  #temporaryPath(): string {
    return `${this.#temporary}/${this.#temporaries++}`
  }
}

function ifThere<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
