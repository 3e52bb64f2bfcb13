import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ifThere, moveInto, onDiskOf, type StoreLayout } from '../disk/index.js'
import type { ActionCache, ActionKey } from './action-cache.js'

/** Kept before the result: enough of its SHA-256 to tell a file that a power cut garbled. */
const CHECKSUM_BYTES = 16

/**
 * Results as files beside the blobs, one a result: a checksum, then the serialized ActionResult, written to a temporary
 * file and renamed. A file that is cut short or garbled is a miss (AC-14, AC-15). Files are small and read in one go.
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
    const file = ifThere(() => readFileSync(this.#layout.actionResult(key.instance, key.action)))
    if (file === undefined) return undefined
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

function checksum(result: Uint8Array): Buffer {
  return createHash('sha256').update(result).digest().subarray(0, CHECKSUM_BYTES)
}
