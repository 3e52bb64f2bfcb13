import { type ResultFile, removeEmpty, removeResult, resultFiles } from './result-files.js'
import type { StoreLayout } from './store-layout.js'

/** Between two walks. */
const REST_MS = 600_000

/** A process that lives for less has other things to do. */
const FIRST_AFTER_MS = 1_000

/** Results are put in order of use by this. */
const MINUTE_MS = 60_000

/** What is kept when there are too many: so much of what they may take that it is a while until there are too many again. */
const LOW = 0.9

export interface ResultJanitorOptions {
  readonly layout: StoreLayout
  /** What all results together may take, in bytes of whole blocks. */
  readonly maxBytes: number
  /** For so long after it was used a result is not removed, whatever they take, in milliseconds. */
  readonly graceMs: number
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly after: (delayMs: number, callback: () => void) => Disposable
}

/**
 * Keeps stored action results within their bounds: walks through them every ten minutes, sums up what those take that were used last
 * in each minute, and when they take too much, walks once more and removes what was used longest ago. Nothing is remembered of
 * a result, so that millions take no memory.
 */
export class ResultJanitor implements Disposable {
  readonly #options: ResultJanitorOptions
  #timer: Disposable | undefined
  #bytes = 0
  #results = 0
  #removed = 0
  #stopped = false

  constructor(options: ResultJanitorOptions) {
    this.#options = options
    this.#wait(FIRST_AFTER_MS)
  }

  /** What the results take, in bytes of whole blocks, and how many they are, as of the last walk. */
  get usage(): { readonly bytes: number; readonly results: number } {
    return { bytes: this.#bytes, results: this.#results }
  }

  /** How many were removed since the start. */
  get removed(): number {
    return this.#removed
  }

  /** Counts, and removes what is too much. */
  async tidy(): Promise<void> {
    const { maxBytes, graceMs, now } = this.#options
    const minutes = await this.#walk(() => false)
    if (this.#bytes <= maxBytes || this.#stopped) return
    const cutoff = Math.min(usedAfter(minutes, maxBytes * LOW), now() - graceMs)
    await this.#walk(({ usedAt }) => usedAt < cutoff)
  }

  [Symbol.dispose](): void {
    this.#stopped = true
    this.#timer?.[Symbol.dispose]()
  }

  /** Returns the bytes of what is left, by the minute of the last use. */
  async #walk(isSuperfluous: (file: ResultFile) => boolean): Promise<Map<number, number>> {
    const minutes = new Map<number, number>()
    let bytes = 0
    let results = 0
    const { layout, now } = this.#options
    for await (const file of resultFiles(layout, (directory) => removeEmpty(directory, now()))) {
      if (this.#stopped) return minutes
      if (isSuperfluous(file)) {
        if (await removeResult(file)) this.#removed++
        continue
      }
      bytes += file.bytes
      results++
      const minute = Math.floor(file.usedAt / MINUTE_MS)
      minutes.set(minute, (minutes.get(minute) ?? 0) + file.bytes)
    }
    this.#bytes = bytes
    this.#results = results
    return minutes
  }

  #wait(delayMs: number): void {
    this.#timer = this.#options.after(delayMs, () => void this.#tidyAndWait())
  }

  async #tidyAndWait(): Promise<void> {
    // A directory that cannot be listed now may be next time.
    await this.tidy().catch(() => {})
    if (!this.#stopped) this.#wait(REST_MS)
  }
}

/** The time after which no more bytes were used than that. */
function usedAfter(minutes: ReadonlyMap<number, number>, bytes: number): number {
  const newestFirst = [...minutes].sort(([one], [other]) => other - one)
  let sum = 0
  for (const [minute, size] of newestFirst) {
    sum += size
    if (sum > bytes) return (minute + 1) * MINUTE_MS
  }
  return 0
}
