import { linkSync, lstatSync, readFileSync, rmSync, type Stats, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { Digest, type DigestFunction, isEmptyBlob } from '../digest/index.js'
import {
  type BlobVariant,
  copyFile,
  isIntact,
  linkOrCopy,
  moveInto,
  onDiskOf,
  STORED_MTIME_S,
  type StoreLayout,
  sealFile,
  storedMode,
} from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { attributesOf, type OutputAttributes } from './node-properties.js'
import { OpenedFile } from './opened-file.js'

/** Actions, Commands and Directories are read whole; a Directory of 100,000 files has some 10 MB. */
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024

/** Bytes that are hashed at a time. */
const CHUNK = 1024 * 1024

/**
 * An action can put a modification time back, but not a change time. That one also moves whenever somebody makes or
 * removes a link, so a file whose change time moved is read again, and not condemned. For files above this size, which it
 * takes long to read, the change time is compared with what it was just after we linked them; for smaller ones, any
 * change time that is not clearly before the command's start will do.
 */
const LARGE = 256 * 1024

/** File times come from a coarse clock: a change just after a moment can be stamped as just before it. */
const COARSE_CLOCK_MS = 10

interface Stored {
  readonly digest: Digest
  readonly variant: BlobVariant
}

/** A stored file that the action has under a name of its own. */
interface Link {
  readonly digest: Digest
  /** Which file it is, for ever: the store's path may come to lead to another. */
  readonly inode: number
  readonly mode: number
  /** Just after it was linked the last time. */
  readonly changedAt: number
  /** Where the action has it, the first place of several. */
  readonly target: string
}

interface OutputFile {
  readonly digest: Digest
  readonly executable: boolean
  /** Before it was made the store's. */
  readonly attributes: OutputAttributes
}

/**
 * The store's files as one runner uses them for one action: synchronous, by path, without the main process. Remembers
 * what it linked, to check it after the run, and what it added, for the main process's index.
 */
export class BlobFiles {
  readonly stored: Stored[] = []
  readonly #layout: StoreLayout
  readonly #temporary: string
  /** By the path in the store. */
  readonly #links = new Map<string, Link>()
  /** By inode: what was stored already is read-only by now, whatever the action had made it. */
  readonly #outputs = new Map<bigint, OutputFile>()
  readonly #device: bigint
  readonly #buffer = Buffer.allocUnsafeSlow(CHUNK)
  #temporaries = 0

  constructor(layout: StoreLayout, temporary: string) {
    this.#layout = layout
    this.#temporary = temporary
    this.#device = lstatSync(temporary, { bigint: true }).dev
  }

  /** Starts the books afresh for the next action. */
  reset(): void {
    this.stored.length = 0
    this.#links.clear()
    this.#outputs.clear()
  }

  /** A whole blob that is to hold a message; undefined if the store does not have it. */
  readMessage(digest: Digest): Buffer | undefined {
    if (isEmptyBlob(digest)) return Buffer.alloc(0)
    if (digest.sizeBytes > MAX_MESSAGE_BYTES)
      throw new GoregoError('invalid-argument', `${digest} is too large for an Action, Command or Directory`)
    const bytes = ifThere(() => readFileSync(this.#layout.blob(digest)))
    return bytes?.length === digest.sizeBytes ? bytes : undefined
  }

  /**
   * Puts an input file in place: a link to the stored file, or a copy where it must not share the inode (`copy`) or
   * cannot. False if the store does not have the blob, or not whole. The executable bit belongs to an inode, so
   * executables are linked to one of their own (CM-12).
   */
  place(digest: Digest, executable: boolean, target: string, copy: boolean): boolean {
    const variant = executable ? 'executable' : 'plain'
    if (isEmptyBlob(digest)) {
      writeFileSync(target, '', { flag: 'wx', mode: storedMode(variant) })
      utimesSync(target, STORED_MTIME_S, STORED_MTIME_S)
      return true
    }
    if (copy) return this.#copyIntact(digest, target, variant)
    const source = this.#layout.blob(digest, variant)
    const link = () => this.#linkIntact(source, digest, target, variant)
    return link() || (executable && this.#inCache(() => this.#makeExecutable(digest, source)) && link())
  }

  /**
   * Waits, some milliseconds at most, until a change to a large file will be stamped with another time than our link. To
   * be called when everything is in place, before the command is started.
   */
  settle(): void {
    let latest = 0
    for (const { digest, changedAt } of this.#links.values()) if (isLarge(digest)) latest = Math.max(latest, changedAt)
    const rest = latest + COARSE_CLOCK_MS - Date.now()
    if (rest > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, rest)
  }

  /**
   * Which of the linked blobs are not what they were before the command was started (milliseconds since 1970), or may not
   * have been while it ran. Another action may have written to one; its runner had it thrown out of the store, and by
   * now somebody may have sent it again. So not what the store has counts, but the file that was linked, and where that
   * is neither in the store nor where the action had it, nobody knows.
   */
  altered(startedAt: number): Digest[] {
    const altered = new Map<string, Digest>()
    for (const [source, { digest, inode, mode, changedAt, target }] of this.#links) {
      const isSame = (path: string) => {
        const stats = statsIfAny(path)
        // The mode belongs to the inode, too: one `chmod +x`, and the blob would be a program for everybody.
        if (stats?.ino !== inode || stats.mode !== mode || !isIntact(stats, digest.sizeBytes)) return false
        const isOld = isLarge(digest) ? stats.ctimeMs === changedAt : stats.ctimeMs < startedAt - COARSE_CLOCK_MS
        if (isOld) return true
        using file = OpenedFile.open(path)
        return file?.digest(digest.fn, this.#buffer).equals(digest) === true
      }
      if (!isSame(source) && !isSame(target)) altered.set(digest.key, digest)
    }
    return [...altered.values()]
  }

  /**
   * Adds a file of the input root to the store, by linking it there; it becomes read-only. Undefined for what is no regular
   * file.
   */
  storeFile(fn: DigestFunction, path: string): OutputFile | undefined {
    using file = OpenedFile.open(path)
    if (file === undefined) return undefined
    const { stats } = file
    const known = this.#outputs.get(stats.ino)
    if (known !== undefined) return known
    // A file with several names may change under another of them; one on another file system cannot be linked.
    const mustCopy = stats.nlink > 1n || stats.dev !== this.#device
    const digest = this.#inCache(() => (mustCopy ? this.#storeCopy(fn, file) : this.#storeLink(fn, file)))
    const attributes = attributesOf(stats)
    // DR-10: the owner's bit decides.
    const output = { digest, executable: (attributes.mode & 0o100) !== 0, attributes }
    this.#outputs.set(stats.ino, output)
    return output
  }

  storeBytes(fn: DigestFunction, bytes: Uint8Array): Digest {
    const digest = Digest.ofBytes(fn, bytes)
    this.#inCache(() =>
      this.#publish(digest, (target) => {
        const temporary = this.#temporaryPath()
        writeFileSync(temporary, bytes)
        sealFile(temporary, 'plain')
        moveInto(temporary, target)
      }),
    )
    return digest
  }

  #storeLink(fn: DigestFunction, file: OpenedFile): Digest {
    // Sealed before it is hashed: a write that still comes from somewhere shows in the modification time.
    file.seal()
    const digest = file.digest(fn, this.#buffer)
    this.#publish(digest, (target) => {
      // By way of a temporary name, because a copy is not there at once.
      const temporary = this.#temporaryPath()
      if (!linked(file, temporary) && !file.copyTo(temporary, fn, this.#buffer).equals(digest)) {
        rmSync(temporary)
        throw new GoregoError(
          'failed-precondition',
          'an output changed while it was collected: a process still writes it',
        )
      }
      moveInto(temporary, target)
    })
    return digest
  }

  /** What is hashed is the copy. */
  #storeCopy(fn: DigestFunction, file: OpenedFile): Digest {
    const temporary = this.#temporaryPath()
    try {
      const digest = file.copyTo(temporary, fn, this.#buffer)
      this.#publish(digest, (target) => moveInto(temporary, target))
      return digest
    } finally {
      rmSync(temporary, { force: true })
    }
  }

  #publish(digest: Digest, put: (target: string) => void): void {
    if (isEmptyBlob(digest)) return
    const target = this.#layout.blob(digest)
    const existing = lstatSync(target, { throwIfNoEntry: false })
    if (existing === undefined || !isIntact(existing, digest.sizeBytes)) put(target)
    this.stored.push({ digest, variant: 'plain' })
  }

  #makeExecutable(digest: Digest, target: string): boolean {
    const temporary = this.#temporaryPath()
    if (!this.#copyIntact(digest, temporary, 'executable')) return false
    moveInto(temporary, target)
    this.stored.push({ digest, variant: 'executable' })
    return true
  }

  /** Links a stored file, unless it is not there, was cut short, or was written to. */
  #linkIntact(source: string, digest: Digest, target: string, variant: BlobVariant): boolean {
    const done = ifThere(() => linkOrCopy(source, target))
    if (done === undefined) return false
    const stats = lstatSync(done === 'linked' ? target : source, { throwIfNoEntry: false })
    if (stats === undefined || !isIntact(stats, digest.sizeBytes)) {
      unlinkSync(target)
      return false
    }
    if (done === 'copied') sealFile(target, variant)
    else {
      const first = this.#links.get(source)?.target ?? target
      this.#links.set(source, { digest, inode: stats.ino, mode: stats.mode, changedAt: stats.ctimeMs, target: first })
    }
    return true
  }

  /** Copies a stored file, unless it is not there, was cut short, or was written to. */
  #copyIntact(digest: Digest, target: string, variant: BlobVariant): boolean {
    const source = this.#layout.blob(digest)
    const stats = lstatSync(source, { throwIfNoEntry: false })
    if (stats === undefined || !isIntact(stats, digest.sizeBytes)) return false
    if (ifThere(() => copyFile(source, target) ?? true) === undefined) return false
    sealFile(target, variant)
    return true
  }

  /** Nothing half-written stays where the disk is full: it would keep it so. */
  #inCache<T>(put: () => T): T {
    const first = this.#temporaries
    try {
      return onDiskOf(`the cache, ${this.#layout.root}`, put)
    } catch (error) {
      for (let n = first; n < this.#temporaries; n++) rmSync(`${this.#temporary}/${n}`, { force: true })
      throw error
    }
  }

  #temporaryPath(): string {
    return `${this.#temporary}/${this.#temporaries++}`
  }
}

/** False where the file system takes no link, and where something else has come to be at the path. */
function linked(file: OpenedFile, target: string): boolean {
  try {
    linkSync(file.path, target)
  } catch {
    return false
  }
  if (file.isAt(target)) return true
  unlinkSync(target)
  return false
}

function isLarge(digest: Digest): boolean {
  return digest.sizeBytes > LARGE
}

function ifThere<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Undefined also where an action has closed a directory on the way. */
function statsIfAny(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
