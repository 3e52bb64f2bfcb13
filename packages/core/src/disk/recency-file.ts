import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { BEFORE_ALL, type BlobIndex, type Use } from './blob-index.js'

/** The file's first bytes. */
const MAGIC = Buffer.from('gorego recency 1')

/** Two words of a hash, and when the blob was used last in seconds since 1970. */
const RECORD_BYTES = 12

/** In the place of seconds: not used for as long as anybody knows. */
const UNKNOWN = 0
const LATEST = 2 ** 32 - 1

/** Records, at a few tenths of a microsecond each, before other work gets a turn. */
const RECORDS_A_TURN = 4096

/**
 * The order in which the blobs of a store were used last, as a file: 12 bytes a blob, the least recently used first. It is only
 * ever a hint. Without it, or of what it does not know, a store takes what was there at its start for unused; a record of
 * a blob that is gone, or garbage, means nothing.
 */
export class RecencyFile {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /**
   * Brings back what the index does not know by itself. Blobs of which the file has nothing were stored after it was written:
   * they end up more recent than all that it has.
   */
  async restore(index: BlobIndex, now: () => number): Promise<void> {
    let records = 0
    for (const { first, second, usedAt } of await this.#read()) {
      // A clock that was set back meanwhile must keep nothing for long.
      index.restore({ first, second, usedAt: Math.min(usedAt, now()) })
      if (++records % RECORDS_A_TURN === 0) await nextTurn()
    }
  }

  /** Writes it anew, in turns. `temporary`: a path on the same file system that no file has. */
  async save(index: BlobIndex, temporary: string, isStopped: () => boolean): Promise<void> {
    using file = new RecencyWriter(temporary)
    for (const use of index.usesOldestFirst()) {
      if (file.add(use)) await nextTurn()
      if (isStopped()) return
    }
    file.commit(this.#path)
  }

  /** As `save`, without a break, for a process that ends: some 90 ms for a million blobs. */
  saveAtOnce(index: BlobIndex, temporary: string): void {
    using file = new RecencyWriter(temporary)
    for (const use of index.usesOldestFirst()) file.add(use)
    file.commit(this.#path)
  }

  /** The first and the last use that the file knows of, in milliseconds since 1970. */
  async span(): Promise<{ readonly oldest: number; readonly newest: number } | undefined> {
    let oldest = Number.POSITIVE_INFINITY
    let newest = BEFORE_ALL
    for (const { usedAt } of await this.#read()) {
      if (usedAt === BEFORE_ALL) continue
      oldest = Math.min(oldest, usedAt)
      newest = Math.max(newest, usedAt)
    }
    return newest === BEFORE_ALL ? undefined : { oldest, newest }
  }

  /** What was used last comes first. */
  async #read(): Promise<Iterable<Readonly<Use>>> {
    // A file that cannot be read is as good as none.
    const bytes = await readFile(this.#path).catch(() => Buffer.alloc(0))
    return bytes.subarray(0, MAGIC.length).equals(MAGIC) ? newestFirst(bytes.subarray(MAGIC.length)) : []
  }
}

function* newestFirst(records: Buffer): Generator<Readonly<Use>> {
  const count = Math.floor(records.length / RECORD_BYTES)
  for (let at = (count - 1) * RECORD_BYTES; at >= 0; at -= RECORD_BYTES) {
    const seconds = records.readUInt32LE(at + 8)
    yield {
      first: records.readInt32LE(at),
      second: records.readInt32LE(at + 4),
      usedAt: seconds === UNKNOWN ? BEFORE_ALL : seconds * 1000,
    }
  }
}

/** The second that is going on has not come to its end: a promise rather holds a little longer than too short. */
function toSeconds(usedAt: number): number {
  return usedAt === BEFORE_ALL ? UNKNOWN : Math.min(Math.max(Math.ceil(usedAt / 1000), 1), LATEST)
}

/** Collects records and writes them a few dozen KiB at a time; what was not committed is gone when it is disposed of. */
class RecencyWriter implements Disposable {
  readonly #temporary: string
  readonly #fd: number
  readonly #buffer = Buffer.allocUnsafe(MAGIC.length + RECORDS_A_TURN * RECORD_BYTES)
  #used: number
  #closed = false

  constructor(temporary: string) {
    this.#temporary = temporary
    this.#fd = openSync(temporary, 'wx', 0o600)
    this.#used = MAGIC.copy(this.#buffer)
  }

  /** Whether it had to write, so that others may have a turn. */
  add({ first, second, usedAt }: Readonly<Use>): boolean {
    const full = this.#used + RECORD_BYTES > this.#buffer.length
    if (full) this.#flush()
    this.#buffer.writeInt32LE(first, this.#used)
    this.#buffer.writeInt32LE(second, this.#used + 4)
    this.#buffer.writeUInt32LE(toSeconds(usedAt), this.#used + 8)
    this.#used += RECORD_BYTES
    return full
  }

  commit(path: string): void {
    this.#flush()
    this.#close()
    renameSync(this.#temporary, path)
  }

  [Symbol.dispose](): void {
    this.#close()
    rmSync(this.#temporary, { force: true })
  }

  #flush(): void {
    for (let at = 0; at < this.#used; ) at += writeSync(this.#fd, this.#buffer, at, this.#used - at)
    this.#used = 0
  }

  #close(): void {
    if (!this.#closed) closeSync(this.#fd)
    this.#closed = true
  }
}
