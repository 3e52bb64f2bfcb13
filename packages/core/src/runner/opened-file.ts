import {
  type BigIntStats,
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { Digest, type DigestFunction, type Hasher } from '../digest/index.js'
import { sealDescriptor } from '../disk/index.js'

/** Never through a symbolic link, and without waiting for somebody at the other end of a FIFO. */
const TO_READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

const OWNER_READS = 0o400

/** Who we are, which a runner remains. */
const [UID, GID] = [process.geteuid?.(), process.getegid?.()]

/** What `open` throws at symbolic links, sockets, and devices without a driver. */
const NO_FILE = new Set(['ELOOP', 'EMLINK', 'ENXIO', 'ENODEV', 'EOPNOTSUPP', 'ENOTDIR'])

/**
 * A file that an action made. What is looked at, hashed and stored is what this descriptor leads to, whatever a process
 * that got away from the action puts at the path meanwhile.
 */
export class OpenedFile implements Disposable {
  readonly path: string
  /** As it was when it was opened. */
  readonly stats: BigIntStats
  readonly #fd: number

  private constructor(path: string, fd: number, stats: BigIntStats) {
    this.path = path
    this.#fd = fd
    this.stats = stats
  }

  /** Undefined for what is no regular file (DR-11), which is never read. */
  static open(path: string): OpenedFile | undefined {
    const fd = openForReading(path)
    if (fd === undefined) return undefined
    const stats = fstatSync(fd, { bigint: true })
    if (stats.isFile()) return new OpenedFile(path, fd, stats)
    closeSync(fd)
    return undefined
  }

  /** Gives it the owner, mode and time of a stored file. A write that comes later shows in the time. */
  seal(): void {
    // Whose it was could make it writable again.
    if (UID !== undefined && GID !== undefined && this.stats.uid !== BigInt(UID)) fchownSync(this.#fd, UID, GID)
    sealDescriptor(this.#fd, 'plain', Number(this.stats.mode))
  }

  /** `buffer`: to read into, of any size. */
  digest(fn: DigestFunction, buffer: Buffer): Digest {
    return read(this.#fd, fn, buffer, () => {})
  }

  /** Copies it to a file that must not exist yet, and tells what was copied. */
  copyTo(target: string, fn: DigestFunction, buffer: Buffer): Digest {
    return copyDescriptor(this.#fd, target, fn, buffer)
  }

  /** Whether another path leads to the same file. */
  isAt(path: string): boolean {
    const stats = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    return stats?.ino === this.stats.ino && stats.dev === this.stats.dev
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd)
  }
}

/** Copies an open file from its beginning to a file that must not exist yet, and tells what was copied. */
export function copyDescriptor(fd: number, target: string, fn: DigestFunction, buffer: Buffer): Digest {
  const copy = openSync(target, 'wx', 0o600)
  try {
    const digest = read(fd, fn, buffer, (bytes) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(copy, bytes, at)
    })
    sealDescriptor(copy, 'plain')
    return digest
  } finally {
    closeSync(copy)
  }
}

function read(fd: number, fn: DigestFunction, buffer: Buffer, use: (bytes: Buffer) => void): Digest {
  let hasher: Hasher | undefined
  for (let size = 0; ; ) {
    const bytes = buffer.subarray(0, readSync(fd, buffer, 0, buffer.length, size))
    use(bytes)
    // A regular file gives less than is asked for only at its end.
    const isLast = bytes.length < buffer.length
    if (isLast && hasher === undefined) return Digest.ofBytes(fn, bytes)
    hasher ??= fn.createHasher()
    hasher.update(bytes)
    size += bytes.length
    if (isLast) return Digest.of(fn, hasher.digest(), size)
  }
}

function openForReading(path: string): number | undefined {
  try {
    return openSync(path, TO_READ)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (NO_FILE.has(code)) return undefined
    const stats = code === 'EACCES' ? lstatSync(path, { throwIfNoEntry: false }) : undefined
    if (!stats?.isFile()) throw error
    // The action made it unreadable, also for its owner. As root nobody would notice, so nobody is to notice at all.
    chmodSync(path, stats.mode | OWNER_READS)
    const fd = openSync(path, TO_READ)
    fchmodSync(fd, stats.mode)
    return fd
  }
}
