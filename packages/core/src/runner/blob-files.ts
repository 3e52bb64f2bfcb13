import { linkSync, lstatSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { Digest, type DigestFunction, isEmptyBlob } from '../digest/index.js'
import {
  type BlobVariant,
  copyFile,
  ifThere,
  isIntact,
  moveInto,
  onDiskOf,
  type StoreLayout,
  sealFile,
} from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import type { ActionUser } from './action-user.js'
import { attributesOf, type OutputAttributes } from './node-properties.js'
import { copyDescriptor, OpenedFile } from './opened-file.js'
import type { StoredBlob } from './stored-files.js'

/** Actions, Commands and Directories are read whole; a Directory of 100,000 files has some 10 MB. */
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024

const OTHERS_READ = 0o004n

/** Bytes that are read and hashed at a time: so few that they are in a near cache both times. A file of 32 MiB takes 22 ms so, and 23.5 by the megabyte. */
const CHUNK = 128 * 1024

interface OutputFile {
  readonly digest: Digest
  readonly executable: boolean
  /** Before it was made the store's. */
  readonly attributes: OutputAttributes
}

/**
 * The store's files as one runner uses them for one action: synchronous, by path, without the main process. Remembers
 * what it added, for the main process's index.
 */
export class BlobFiles {
  readonly stored: StoredBlob[] = []
  readonly #layout: StoreLayout
  readonly #temporary: string
  readonly #user: ActionUser | undefined
  /** By inode: what was stored already is read-only by now, whatever the action had made it. */
  readonly #outputs = new Map<number, OutputFile>()
  readonly #device: bigint
  readonly #buffer = Buffer.allocUnsafeSlow(CHUNK)
  #temporaries = 0

  /** `user`: who makes the outputs; undefined for whoever runs this. */
  constructor(layout: StoreLayout, temporary: string, user?: ActionUser) {
    this.#layout = layout
    this.#user = user
    this.#temporary = temporary
    this.#device = lstatSync(temporary, { bigint: true }).dev
  }

  /** Starts the books afresh for the next action. */
  reset(): void {
    this.stored.length = 0
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

  /** Whether a file was added to the store under one of its names, as it is. */
  isOutput(inode: number): boolean {
    return this.#outputs.has(inode)
  }

  digestOf(fn: DigestFunction, file: OpenedFile): Digest {
    return file.digest(fn, this.#buffer)
  }

  /**
   * Adds a file of the input root to the store, by linking it there; it becomes read-only. Undefined for what is no regular
   * file.
   */
  storeFile(fn: DigestFunction, path: string): OutputFile | undefined {
    using file = OpenedFile.open(path)
    if (file === undefined) return undefined
    const { stats } = file
    this.#checkReadable(file)
    const inode = Number(stats.ino)
    const known = this.#outputs.get(inode)
    if (known !== undefined) return known
    // A file with several names may change under another of them; one on another file system cannot be linked.
    const mustCopy = stats.nlink > 1n || stats.dev !== this.#device
    const digest = this.#inCache(() =>
      mustCopy ? this.#publishCopy((target) => file.copyTo(target, fn, this.#buffer)) : this.#storeLink(fn, file),
    )
    const attributes = attributesOf(stats)
    // DR-10: the owner's bit decides.
    const output = { digest, executable: (attributes.mode & 0o100) !== 0, attributes }
    this.#outputs.set(inode, output)
    return output
  }

  /** Root reads everything; an action that links to what its user may not read gets it no other way. */
  #checkReadable({ path, stats }: OpenedFile): void {
    if (this.#user === undefined || stats.uid === BigInt(this.#user.uid) || (stats.mode & OTHERS_READ) !== 0n) return
    throw new GoregoError(
      'failed-precondition',
      `an output is a file of another user, which the action may not read: ${JSON.stringify(basename(path))}`,
    )
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

  /** Makes the executable variant of a blob; false if the store does not have the blob, or not whole. */
  makeExecutable(digest: Digest): boolean {
    return this.#inCache(() => {
      const temporary = this.#temporaryPath()
      if (!this.copyIntact(digest, temporary, 'executable')) return false
      moveInto(temporary, this.#layout.blob(digest, 'executable'))
      this.stored.push({ digest, variant: 'executable', put: true })
      return true
    })
  }

  /** Copies a stored file, unless it is not there, was cut short, or was written to. */
  copyIntact(digest: Digest, target: string, variant: BlobVariant): boolean {
    const source = this.#layout.blob(digest)
    const stats = lstatSync(source, { throwIfNoEntry: false })
    if (stats === undefined || !isIntact(stats, digest.sizeBytes)) return false
    if (ifThere(() => copyFile(source, target) ?? true) === undefined) return false
    sealFile(target, variant)
    return true
  }

  /** Adds what is in an open file, from its beginning. */
  storeCopy(fn: DigestFunction, descriptor: number): Digest {
    return this.#inCache(() => this.#publishCopy((target) => copyDescriptor(descriptor, target, fn, this.#buffer)))
  }

  #storeLink(fn: DigestFunction, file: OpenedFile): Digest {
    // Sealed before it is hashed: a write that still comes from somewhere shows in the modification time.
    file.seal()
    const digest = file.digest(fn, this.#buffer)
    if (!isEmptyBlob(digest) && linked(file, this.#layout.blob(digest))) {
      this.stored.push({ digest, variant: 'plain', put: true })
      return digest
    }
    // The store has the blob already, or something that is not it, or no directory for it yet; or there is no way to link.
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
  #publishCopy(copyTo: (target: string) => Digest): Digest {
    const temporary = this.#temporaryPath()
    try {
      const digest = copyTo(temporary)
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
    const isThere = existing !== undefined && isIntact(existing, digest.sizeBytes)
    if (!isThere) put(target)
    this.stored.push({ digest, variant: 'plain', put: !isThere })
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

/**
 * False where there is something at the target, where the file system takes no link, and where something else has come to be at the file's
 * path, which only a process can have done that was not found when the action was over: then that is gone from the target at once.
 */
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
