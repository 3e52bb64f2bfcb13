import { join } from 'node:path'
import type { BlobIndex } from './blob-index.js'
import { RecencyFile } from './recency-file.js'

/** What a killed process forgets at most. */
const SAVE_EVERY_MS = 300_000

export interface RecencyKeeperOptions {
  readonly index: BlobIndex
  /** Of the file. */
  readonly path: string
  /** A directory of this process's own on the same file system. */
  readonly temporary: string
  /** The index's clock. */
  readonly now: () => number
  readonly after: (delayMs: number, callback: () => void) => Disposable
}

/**
 * Carries the order of use over a restart: brought back when the index is loaded, written every few minutes if something was
 * used, and when the store is closed. Several processes that share a directory write over each other's; the last one has it.
 */
export class RecencyKeeper implements Disposable {
  readonly #options: RecencyKeeperOptions
  readonly #file: RecencyFile
  #timer: Disposable | undefined
  #files = 0
  /** Uses that the file has; nothing is written before what there is was read. */
  #saved: number | undefined
  #closed = false

  constructor(options: RecencyKeeperOptions) {
    this.#options = options
    this.#file = new RecencyFile(options.path)
  }

  /** To be called when everything is in the index that is in the directory. */
  async restore(): Promise<void> {
    const { index, now } = this.#options
    await this.#file.restore(index, now)
    this.#saved = 0
    if (!this.#closed) this.#wait()
  }

  /** Writes what was used last. Never throws: it is a hint, and the next time may succeed. */
  [Symbol.dispose](): void {
    if (this.#closed) return
    this.#closed = true
    this.#timer?.[Symbol.dispose]()
    const { index } = this.#options
    if (this.#saved === undefined || index.uses === this.#saved) return
    quietly(() => this.#file.saveAtOnce(index, this.#temporary()))
  }

  #wait(): void {
    this.#timer = this.#options.after(SAVE_EVERY_MS, () => void this.#save())
  }

  async #save(): Promise<void> {
    const { index } = this.#options
    const { uses } = index
    if (uses !== this.#saved) {
      const saved = this.#file.save(index, this.#temporary(), () => this.#closed)
      this.#saved = await saved.then(
        () => uses,
        () => this.#saved,
      )
    }
    if (!this.#closed) this.#wait()
  }

  #temporary(): string {
    return join(this.#options.temporary, `recency-${this.#files++}`)
  }
}

function quietly(action: () => void): void {
  try {
    action()
  } catch {
    // A full disk, say.
  }
}
