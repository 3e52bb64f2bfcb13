import { createHash } from 'node:crypto'
import { closeSync, fstatSync, futimesSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ifThere, moveInto, onDiskOf, type StoreLayout } from '../disk/index.js'
import type { ActionCache, ActionKey } from './action-cache.js'

/** Kept before the result: enough of its SHA-256 to tell a file that a power cut garbled. */
const CHECKSUM_BYTES = 16

const NOTE_EVERY_MS = 3_600_000

/**
 * Results as files beside the blobs, one a result: a checksum, then the serialized ActionResult, written to a temporary
 * file and renamed. Its modification time says when it was used last. A file that is cut short or garbled is a miss (AC-14, AC-15). Files are small and read in one go.
 */
export class LocalActionCache implements ActionCache {
  readonly #layout: StoreLayout
  readonly #temporary: string
  #puts = 0

  /** `temporary`: a directory of this process's own on the same file system. */
  constructor(layout: StoreLayout, temporary: string) {
    this.#layout = layout
    this.#temporary = temporary
  }

  async get(key: ActionKey): Promise<Uint8Array | undefined> {
    const fd = ifThere(() => openSync(this.#layout.actionResult(key.instance, key.action), 'r'))
    if (fd === undefined) return undefined
    let file: Buffer
    try {
      file = readFileSync(fd)
      noteUse(fd)
    } finally {
      closeSync(fd)
    }
    const result = file.subarray(CHECKSUM_BYTES)
    return result.length > 0 && checksum(result).equals(file.subarray(0, CHECKSUM_BYTES)) ? result : undefined
  }

  async put(key: ActionKey, result: Uint8Array): Promise<void> {
    const path = this.#layout.actionResult(key.instance, key.action)
    const temporary = join(this.#temporary, String(this.#puts++))
    try {
      onDiskOf(`the action cache, ${this.#layout.root}`, () => {
        writeFileSync(temporary, Buffer.concat([checksum(result), result]))
        moveInto(temporary, path)
      })
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
  }
}

/** Once an hour is enough to tell which were used longest ago (`ResultJanitor`). */
function noteUse(fd: number): void {
  const now = Date.now()
  if (Math.abs(now - fstatSync(fd).mtimeMs) < NOTE_EVERY_MS) return
  try {
    futimesSync(fd, now / 1000, now / 1000)
  } catch {
    // Somebody else's file, or a disk that is mounted read-only.
  }
}

function checksum(result: Uint8Array): Buffer {
  return createHash('sha256').update(result).digest().subarray(0, CHECKSUM_BYTES)
}
