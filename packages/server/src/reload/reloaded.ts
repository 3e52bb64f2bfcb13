import { type FSWatcher, watch } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Logger } from '@gorego/core'

export interface ReloadedOptions<T> {
  /** Absolute. */
  readonly paths: readonly string[]
  /** What it is that they hold, for the log. */
  readonly what: string
  /** Reads the files, all of them; throws what is wrong with them. */
  readonly load: () => Promise<T>
  readonly logger: Logger
}

/** Where the system tells of no changes (network file systems), files are looked at so often. */
const LOOK_MS = 5_000

/** Files that belong together are written one after the other; they are read when nothing has changed for so long. */
const SETTLE_MS = 100

/** What some files say, read again whenever they change. What cannot be used is logged, and the last good value stays. */
export class Reloaded<T> implements Disposable {
  readonly #options: ReloadedOptions<T>
  readonly #listeners: ((value: T) => void)[] = []
  readonly #watchers: FSWatcher[] = []
  readonly #looking: NodeJS.Timeout
  #value: T
  #seen: string
  #settling: NodeJS.Timeout | undefined
  #reloading = Promise.resolve()
  #closed = false

  private constructor(options: ReloadedOptions<T>, value: T, seen: string) {
    this.#options = options
    this.#value = value
    this.#seen = seen
    for (const directory of new Set(options.paths.map((path) => dirname(path)))) this.#watch(directory)
    this.#looking = setInterval(() => void this.#look(), LOOK_MS).unref()
    // Whatever changed between the reading and the watching.
    void this.#look()
  }

  /** Throws where the files cannot be used. */
  static async open<T>(options: ReloadedOptions<T>): Promise<Reloaded<T>> {
    const seen = await fingerprint(options.paths)
    return new Reloaded(options, await options.load(), seen)
  }

  get value(): T {
    return this.#value
  }

  onChange(listener: (value: T) => void): void {
    this.#listeners.push(listener)
  }

  [Symbol.dispose](): void {
    this.#closed = true
    clearInterval(this.#looking)
    clearTimeout(this.#settling)
    for (const watcher of this.#watchers) watcher.close()
  }

  /** The directory, not the file: who writes carefully puts another file in its place. */
  #watch(directory: string): void {
    try {
      const watcher = watch(directory, { persistent: false }, () => void this.#look())
      watcher.on('error', () => watcher.close())
      this.#watchers.push(watcher)
    } catch {
      // No more watches are to be had: looking from time to time has to do.
    }
  }

  async #look(): Promise<void> {
    if (this.#closed || (await fingerprint(this.#options.paths)) === this.#seen || this.#closed) return
    clearTimeout(this.#settling)
    this.#settling = setTimeout(() => {
      this.#reloading = this.#reloading.then(() => this.#reload())
    }, SETTLE_MS).unref()
  }

  async #reload(): Promise<void> {
    const { what, paths, load, logger } = this.#options
    const seen = await fingerprint(paths)
    if (this.#closed || seen === this.#seen) return
    this.#seen = seen
    try {
      const value = await load()
      if (this.#closed) return
      this.#value = value
      for (const listener of this.#listeners) listener(value)
      logger.info(`${what} changed and were read again`, { files: paths.join(', ') })
    } catch (error) {
      logger.error(`${what} changed and cannot be used; what was read before stays good`, {
        error: (error as Error).message,
      })
    }
  }
}

/** Changes with the files; links are followed to what they lead to now. */
async function fingerprint(paths: readonly string[]): Promise<string> {
  const states = await Promise.all(
    paths.map((path) =>
      stat(path, { bigint: true }).then(
        ({ dev, ino, size, mtimeNs, ctimeNs }) => [dev, ino, size, mtimeNs, ctimeNs].join(' '),
        (error: NodeJS.ErrnoException) => String(error.code),
      ),
    ),
  )
  return states.join('\n')
}
