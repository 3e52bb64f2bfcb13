import type { BigIntStats } from 'node:fs'
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Digest, type DigestFunction, digestInTurns, SHA256 } from '../digest/index.js'
import { makeDirectories } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'

/** What files are hashed with, and where their digests are kept. */
export interface KnownFilesOptions {
  readonly fn: DigestFunction
  /** Where they are kept for the next process. Default: in memory only. */
  readonly path?: string
  /** A path on the same file system that no other process writes to. Default: beside `path`. */
  readonly temporary?: string
  /** How many files are remembered; those looked at longest ago are forgotten. Default 100,000: some 20 MB. */
  readonly most?: number
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

interface KnownFile {
  /** What `stampOf` said. */
  readonly stamp: string
  readonly hash: string
  readonly sizeBytes: number
}

const MOST = 100_000

/**
 * No file system's clock is coarser (FAT's counts in two seconds). A file changed so shortly before it was read can be changed again
 * without looking any different, so its digest is not remembered: as git does with what it calls racy entries.
 */
const GRANULARITY_MS = 2_000

const MAGIC = 'gorego inputs 1'
const SAVE_AFTER_MS = 1_000
const ENTRIES_A_TURN = 1_000

/**
 * The digests of files of this machine, for as long as their size, modification time, inode and change time are what they were: nobody
 * can set the change time, so a file that was written to is noticed even by who set its modification time back.
 *
 * Kept in one file for the next process, which is written anew and renamed. Processes that share it add what the others found; what is
 * lost when two write at once is only work. A file that is cut short or garbled is as good as none.
 */
export class KnownFiles {
  readonly #options: KnownFilesOptions
  readonly #most: number
  readonly #now: () => number
  /** By absolute path; what was looked at last comes last. */
  #files = new Map<string, KnownFile>()
  #changed = false
  /** Of the file, as it was when it was read or written last. */
  #seen = ''
  #loading: Promise<void> | undefined
  #saving: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  constructor(options: KnownFilesOptions) {
    this.#options = options
    this.#most = options.most ?? MOST
    this.#now = options.now ?? Date.now
    if (!Number.isInteger(this.#most) || this.#most < 1)
      throw new GoregoError('invalid-argument', `cannot remember ${this.#most} files: want one or more`)
  }

  get size(): number {
    return this.#files.size
  }

  /** Reads what a process before has left, once. */
  load(): Promise<void> {
    this.#loading ??= this.#merge()
    return this.#loading
  }

  /** The digest of a file that is what it was. `stats`: of the file, links followed, taken just now. */
  find(path: string, stats: BigIntStats): Digest | undefined {
    const key = resolve(path)
    const known = this.#files.get(key)
    if (known === undefined || known.stamp !== stampOf(stats)) return undefined
    this.#files.delete(key)
    this.#files.set(key, known)
    return Digest.of(this.#options.fn, known.hash, known.sizeBytes)
  }

  /** `stats`: taken before the file was read, at `at` (milliseconds since 1970): what was written to it later makes a difference to them. */
  note(path: string, stats: BigIntStats, digest: Digest, at: number): void {
    const key = resolve(path)
    this.#files.delete(key)
    const changed = Math.max(Number(stats.mtimeNs), Number(stats.ctimeNs)) / 1e6
    if (changed + GRANULARITY_MS >= at || BigInt(digest.sizeBytes) !== stats.size) return
    this.#files.set(key, { stamp: stampOf(stats), hash: digest.hash, sizeBytes: digest.sizeBytes })
    this.#changed = true
    this.#forgetOldest()
  }

  /** When it is now, for `note`. */
  now(): number {
    return this.#now()
  }

  /** Writes down what is new in a moment: a program that just exits has it written, too, if it lasts that long. */
  saveSoon(): void {
    if (this.#options.path === undefined || !this.#changed) return
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      void this.close()
    }, SAVE_AFTER_MS).unref()
  }

  /** Writes down what is new; where that cannot be, the next process has more to read. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.save().catch(() => {})
  }

  /** Writes down what is new. Throws what the file system says. */
  save(): Promise<void> {
    const saved = this.#saving.then(() => this.#save())
    this.#saving = saved.catch(() => {})
    return saved
  }

  async #save(): Promise<void> {
    const { path } = this.#options
    if (path === undefined || !this.#changed) return
    await this.load()
    await this.#merge()
    this.#changed = false
    const lines: string[] = []
    for (const [file, { stamp, hash, sizeBytes }] of this.#files) {
      // A line is an entry: names that would break it are found out anew each time.
      if (!/[\n\r]/.test(file)) lines.push(`${hash} ${sizeBytes} ${stamp} ${file}\n`)
      if (lines.length % ENTRIES_A_TURN === 0) await nextTurn()
    }
    const bytes = Buffer.from(lines.join(''))
    const { hash } = await digestInTurns(SHA256, bytes)
    const temporary = this.#options.temporary ?? `${path}.${process.pid}`
    makeDirectories(dirname(path))
    try {
      await writeFile(temporary, Buffer.concat([Buffer.from(`${MAGIC} ${hash}\n`), bytes]), { mode: 0o600 })
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    this.#seen = await versionOf(path)
  }

  /** Adds what the file has and is not known here, as looked at before all that is. */
  async #merge(): Promise<void> {
    const { path } = this.#options
    if (path === undefined) return
    const version = await versionOf(path)
    if (version === this.#seen) return
    this.#seen = version
    const theirs = await readKnown(path)
    if (theirs.size === 0) return
    // From here to the end without a break, for what is noted meanwhile.
    for (const [file, known] of this.#files) {
      theirs.delete(file)
      theirs.set(file, known)
    }
    this.#files = theirs
    this.#forgetOldest()
  }

  #forgetOldest(): void {
    for (const oldest of this.#files.keys()) {
      if (this.#files.size <= this.#most) return
      this.#files.delete(oldest)
    }
  }
}

function stampOf({ mtimeNs, ctimeNs, ino, size }: BigIntStats): string {
  return `${size}:${mtimeNs}:${ctimeNs}:${ino}`
}

async function versionOf(path: string): Promise<string> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined)
  return stats === undefined ? '' : stampOf(stats)
}

const ENTRY = /^([0-9a-f]+) (\d{1,16}) (\d+:\d+:\d+:\d+) (.+)$/

async function readKnown(path: string): Promise<Map<string, KnownFile>> {
  const files = new Map<string, KnownFile>()
  const bytes = await readFile(path).catch(() => Buffer.alloc(0))
  const end = bytes.indexOf('\n')
  const body = bytes.subarray(end + 1)
  if (bytes.toString('latin1', 0, end) !== `${MAGIC} ${(await digestInTurns(SHA256, body)).hash}`) return files
  let entries = 0
  for (let at = 0, next = body.indexOf(10); next >= 0; at = next + 1, next = body.indexOf(10, at)) {
    const [, hash = '', size, stamp = '', file] = ENTRY.exec(body.toString('utf8', at, next)) ?? []
    if (file !== undefined) files.set(file, { stamp, hash, sizeBytes: Number(size) })
    if (++entries % ENTRIES_A_TURN === 0) await nextTurn()
  }
  return files
}
