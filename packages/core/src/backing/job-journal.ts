import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeDirectories } from '../disk/index.js'
import { type Clock, systemClock } from '../observe/index.js'

export interface JobJournalOptions {
  readonly path: string
  readonly clock?: Clock
  /** What could not be written is told, and tried again with the next change. */
  readonly onError: (error: unknown) => void
}

/** How long a job may be open before it is written down: most are done by then, and cost the disk nothing. */
const DELAY_MS = 200

/** So many lines more than there are open jobs, and the file is written anew. */
const SPARE_LINES = 20_000

/**
 * The jobs that are open, in a file, so that they are known after a restart: a line for each that is open for a while, and
 * another when it is done. A crash forgets what was begun in the last moment, and may repeat what was done in it.
 */
export class JobJournal {
  readonly #options: JobJournalOptions
  readonly #clock: Clock
  readonly #open = new Set<string>()
  readonly #written = new Set<string>()
  readonly #changed = new Set<string>()
  #lines = 0
  #timer: Disposable | undefined
  #writing: Promise<void> = Promise.resolve()

  constructor(options: JobJournalOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** What was open when the file was last written, in the order in which it came. */
  async load(): Promise<string[]> {
    const text = await readFile(this.#options.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return ''
      throw error
    })
    const open = new Set<string>()
    // What follows the last line end was cut short.
    for (const line of text.split('\n').slice(0, -1)) {
      this.#lines++
      if (line.startsWith('+')) open.add(line.slice(1))
      else open.delete(line.slice(1))
    }
    if (text !== '' && !text.endsWith('\n')) this.#lines = Number.POSITIVE_INFINITY
    for (const job of open) this.#written.add(job)
    return [...open]
  }

  opened(job: string): void {
    this.#open.add(job)
    this.#note(job)
  }

  done(job: string): void {
    this.#open.delete(job)
    this.#note(job)
  }

  /** Writes down what changed. */
  async flush(): Promise<void> {
    this.#timer?.[Symbol.dispose]()
    this.#timer = undefined
    this.#writing = this.#writing.then(() => this.#write()).catch(this.#options.onError)
    await this.#writing
  }

  #note(job: string): void {
    this.#changed.add(job)
    this.#timer ??= this.#clock.after(DELAY_MS, () => void this.flush())
  }

  async #write(): Promise<void> {
    const { path } = this.#options
    const lines: string[] = []
    for (const job of this.#changed) {
      if (this.#open.has(job) === this.#written.has(job)) continue
      lines.push(`${this.#open.has(job) ? '+' : '-'}${job}\n`)
    }
    const changed = [...this.#changed]
    this.#changed.clear()
    if (lines.length === 0) return
    try {
      makeDirectories(dirname(path))
      if (this.#lines + lines.length > this.#open.size + SPARE_LINES) await this.#writeAnew()
      else {
        await appendFile(path, lines.join(''))
        this.#lines += lines.length
        for (const line of lines) {
          if (line.startsWith('+')) this.#written.add(line.slice(1, -1))
          else this.#written.delete(line.slice(1, -1))
        }
      }
    } catch (error) {
      for (const job of changed) this.#changed.add(job)
      throw error
    }
  }

  async #writeAnew(): Promise<void> {
    const { path } = this.#options
    const open = [...this.#open]
    const temporary = `${path}.new`
    try {
      await writeFile(temporary, open.map((job) => `+${job}\n`).join(''))
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    this.#lines = open.length
    this.#written.clear()
    for (const job of open) this.#written.add(job)
  }
}
