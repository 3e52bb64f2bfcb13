import { hash } from 'node:crypto'
import { closeSync, fstatSync, futimesSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onDiskOf } from './disk-full.js'
import { ifThere } from './if-there.js'
import { makingDirectoryOf } from './making-directory-of.js'
import { moveInto } from './move-into.js'

/** Kept before the bytes: enough of their SHA-256 to tell a file that a power cut garbled. */
const CHECKSUM_BYTES = 16

const NOTE_EVERY_MS = 3_600_000

export interface CheckedFilesOptions {
  /** A directory of this process's own on the same file system. */
  readonly temporary: string
  /** What a full disk is the disk of. */
  readonly what: string
}

/**
 * Small files that are whole or as good as absent: a checksum, then the bytes. One that is new is written where it belongs, and absent until its
 * last byte is there; one that takes another's place is written to a temporary file and renamed. The modification time
 * says, but for an hour, when one was used last. Several processes can write the same one: the last one counts.
 */
export class CheckedFiles {
  readonly #options: CheckedFilesOptions
  #written = 0

  constructor(options: CheckedFilesOptions) {
    this.#options = options
  }

  /** Undefined for one that is not there, empty, cut short or garbled. Read in one go. */
  read(path: string): Buffer | undefined {
    const fd = ifThere(() => openSync(path, 'r'))
    if (fd === undefined) return undefined
    let file: Buffer
    try {
      file = readFileSync(fd)
      noteUse(fd)
    } finally {
      closeSync(fd)
    }
    const bytes = file.subarray(CHECKSUM_BYTES)
    return bytes.length > 0 && checksum(bytes).equals(file.subarray(0, CHECKSUM_BYTES)) ? bytes : undefined
  }

  write(path: string, bytes: Uint8Array): void {
    const content = Buffer.concat([checksum(bytes), bytes])
    onDiskOf(this.#options.what, () => {
      if (!writeNew(path, content)) this.#replace(path, content)
    })
  }

  #replace(path: string, content: Buffer): void {
    const temporary = join(this.#options.temporary, String(this.#written++))
    try {
      writeFileSync(temporary, content)
      moveInto(temporary, path)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
  }
}

/** False if there is one already. A rename of a temporary file, in another directory, costs as much as all this. */
function writeNew(path: string, content: Buffer): boolean {
  const fd = openNew(path)
  if (fd === undefined) return false
  try {
    writeFileSync(fd, content)
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(fd)
  }
  return true
}

function openNew(path: string): number | undefined {
  try {
    return makingDirectoryOf(path, () => openSync(path, 'wx'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined
    throw error
  }
}

/** Once an hour is enough to tell which were used longest ago. */
function noteUse(fd: number): void {
  const now = Date.now()
  if (Math.abs(now - fstatSync(fd).mtimeMs) < NOTE_EVERY_MS) return
  try {
    futimesSync(fd, now / 1000, now / 1000)
  } catch {
    // Somebody else's file, or a disk that is mounted read-only.
  }
}

function checksum(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer').subarray(0, CHECKSUM_BYTES)
}
