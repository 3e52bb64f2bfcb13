import { readFileSync } from 'node:fs'
import { type FileHandle, open, statfs } from 'node:fs/promises'
import { join } from 'node:path'

export interface FillerOptions {
  /** How large the file is: as large as the machine's memory, or what is free cannot all be filled. */
  readonly bytes: number
  /** How much memory the kernel keeps free of what is read. */
  readonly leftFreeBytes: number
  readonly freeBytes?: () => number
}

const PIECE_BYTES = 8 << 20

/** What statfs says of a tmpfs, whose files are not in the page cache but in its place. */
const TMPFS = 0x0102_1994

/**
 * Has the page cache take the memory that is free, by reading a file of its own until nothing is free any more.
 *
 * A virtual machine gives what is free back to its host, and pays for each page that it takes again: by far most of what
 * a large upload costs, for whichever server comes to such pages first. On a machine whose memory is full of files, as
 * on one that has been up for a week, new pages are old ones, and cost every server the same.
 */
export class Filler {
  readonly #file: FileHandle
  readonly #options: Required<FillerOptions>
  readonly #piece = Buffer.alloc(PIECE_BYTES)
  /** What was read longest ago is what the kernel has dropped: reading goes on where it stopped. */
  #next = 0

  private constructor(file: FileHandle, options: Required<FillerOptions>) {
    this.#file = file
    this.#options = options
  }

  /** Writes the file in `directory`, which whoever made it removes. */
  static async in(directory: string, options: FillerOptions): Promise<Filler> {
    const { freeBytes = memFree } = options
    // Where nobody says how much is free, nothing need be written.
    freeBytes()
    await requireRoom(directory, options.bytes)
    const file = await open(join(directory, 'filler'), 'wx+')
    const filler = new Filler(file, { ...options, freeBytes })
    try {
      for (let at = 0; at < options.bytes; at += PIECE_BYTES) {
        await file.write(filler.#piece, 0, Math.min(PIECE_BYTES, options.bytes - at), at)
      }
      // Pages that still have to be written cannot be taken for anything else.
      await file.datasync()
    } catch (error) {
      await file.close()
      throw error
    }
    return filler
  }

  /** Reads until so little is free, and no more than all of the file. Returns how many bytes were read. */
  async fill(): Promise<number> {
    const { bytes, leftFreeBytes, freeBytes } = this.#options
    let read = 0
    while (read < bytes && freeBytes() > leftFreeBytes) {
      const { bytesRead } = await this.#file.read(this.#piece, 0, PIECE_BYTES, this.#next)
      if (bytesRead === 0) throw new Error('the file that fills the page cache has become shorter')
      read += bytesRead
      this.#next = (this.#next + bytesRead) % bytes
    }
    return read
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}

/** Node's own `freemem` counts what the page cache has as free. */
function memFree(): number {
  const found = /^MemFree:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))
  if (found === null) throw new Error('/proc/meminfo does not say how much memory is free')
  return Number(found[1]) * 1024
}

async function requireRoom(directory: string, bytes: number): Promise<void> {
  const { type, bavail, bsize } = await statfs(directory)
  if (type === TMPFS) throw new Error(`${directory} is in memory itself: the filler has to be on a disk`)
  if (bavail * bsize < bytes) throw new Error(`${directory} has no room for a filler of ${Math.ceil(bytes / 1e9)} GB`)
}
