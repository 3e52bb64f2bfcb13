import { setMaxListeners } from 'node:events'
import { GoregoError } from '../errors/index.js'
import { type Clock, type Logger, systemClock } from '../observe/index.js'
import { decodeJob, encodeJob, type Job } from './job.js'
import type { JobJournal } from './job-journal.js'

export interface WriteBehindOptions {
  /** Does a job. Resolves as well when there is nothing left to do. */
  readonly perform: (job: Job, signal: AbortSignal) => Promise<void>
  readonly journal: JobJournal
  /** Milliseconds until it makes sense to try again; 0 for at once. */
  readonly waitMs: () => number
  readonly logger: Logger
  readonly clock?: Clock
  /** How many jobs are done at a time. Default 32. */
  readonly atOnce?: number
  /** How many jobs may wait, and of how many bytes; those that come then are not done. Default 100,000 and no bound. */
  readonly maxJobs?: number
  readonly maxBytes?: number
}

export interface WriteBehindCounts {
  done: number
  /** Not done for good: refused by the other side, or too many at once. */
  dropped: number
}

/** What is still to be done. */
export interface Backlog {
  readonly jobs: number
  /** Of the blobs among them. */
  readonly bytes: number
  /**
   * Since when the oldest of them waits, in milliseconds since 1970; undefined where there is none. What was left by a process before waits
   * since this one took it over.
   */
  readonly since: number | undefined
}

interface Entry {
  readonly job: Job
  /** By the clock. */
  readonly since: number
  readonly text: string
  tries: number
  /** Those who wait for it. */
  readonly waiters: Set<(error?: unknown) => void>
}

/** A job that fails so often while the other side is in order fails because of what it is. */
const MOST_TRIES = 5

/** After a failure that may pass. */
const PAUSE_MS = 1_000

/** What may be over when the other side is in order again. */
const PASSING = new Set([
  'unavailable',
  'resource-exhausted',
  'aborted',
  'deadline-exceeded',
  'internal',
  'unauthenticated',
])

/**
 * What is still to be stored elsewhere, in the order in which it came, what somebody waits for first. While the other side is
 * away the jobs stay, in a file as well, and are done when it is back, or after a restart.
 */
export class WriteBehind {
  readonly counts: WriteBehindCounts = { done: 0, dropped: 0 }
  readonly #options: WriteBehindOptions
  readonly #clock: Clock
  /** Every job that is not done. */
  readonly #entries = new Map<string, Entry>()
  readonly #urgent = new Set<Entry>()
  readonly #waiting = new Set<Entry>()
  readonly #stopping = new AbortController()
  #bytes = 0
  #running = 0
  #pause: Disposable | undefined
  #full = false
  #idle: (() => void)[] = []

  constructor(options: WriteBehindOptions) {
    // Each job listens.
    setMaxListeners(0, this.#stopping.signal)
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Those that are not done yet, in the order in which they came. */
  *jobs(): Generator<Job> {
    for (const { job } of this.#entries.values()) yield job
  }

  /** How many jobs are not done yet. */
  get pending(): number {
    return this.#entries.size
  }

  /** Costs the same however much there is. */
  get backlog(): Backlog {
    const [oldest] = this.#entries.values()
    return { jobs: this.#entries.size, bytes: this.#bytes, since: oldest?.since }
  }

  /** Goes on with what was left by the process before. */
  async resume(): Promise<void> {
    const texts = await this.#options.journal.load()
    for (const text of texts) {
      const job = decodeJob(text)
      if (job === undefined || this.#add(job, text) === undefined) this.#options.journal.done(text)
    }
    if (texts.length > 0)
      this.#options.logger.info('the backing cache lacks what was stored before', { jobs: texts.length })
    this.#next()
  }

  /** Some time. */
  add(job: Job): void {
    this.#add(job, encodeJob(job))
    this.#next()
  }

  /** Now; throws what goes wrong, and tries again later if that may help. */
  async perform(job: Job, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const entry = this.#add(job, encodeJob(job))
    if (entry === undefined) throw new GoregoError('resource-exhausted', 'too much waits for the backing cache already')
    const waitMs = this.#options.waitMs()
    if (waitMs > 0) throw notThere(waitMs)
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: unknown) => {
        signal?.removeEventListener('abort', leave)
        entry.waiters.delete(settle)
        if (error === undefined) resolve()
        else reject(error)
      }
      const leave = () => settle(signal?.reason)
      entry.waiters.add(settle)
      signal?.addEventListener('abort', leave, { once: true })
      if (this.#waiting.delete(entry)) this.#urgent.add(entry)
      this.#next()
    })
  }

  /** Waits for what is under way and due, up to a bound, then stops; what is left stays in the file. */
  async close(boundMs: number): Promise<void> {
    if (boundMs > 0) {
      const stop = this.#clock.after(boundMs, () => this.#stop())
      await this.#nothingRuns()
      stop[Symbol.dispose]()
    }
    this.#stop()
    // What is called off ends at once, and may still have been done.
    await this.#nothingRuns()
    await this.#options.journal.flush()
  }

  #stop(): void {
    this.#stopping.abort(new GoregoError('unavailable', 'the server stops'))
    this.#pause?.[Symbol.dispose]()
  }

  async #nothingRuns(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Undefined where there is no room for it. */
  #add(job: Job, text: string): Entry | undefined {
    const known = this.#entries.get(text)
    if (known !== undefined) return known
    const { maxJobs = 100_000, maxBytes = Number.POSITIVE_INFINITY, logger } = this.#options
    const bytes = sizeOf(job)
    if (this.#entries.size >= maxJobs || this.#bytes + bytes > maxBytes) {
      this.counts.dropped++
      if (!this.#full)
        logger.warn('too much waits for the backing cache: it will not get all that is stored', {
          jobs: this.#entries.size,
          bytes: this.#bytes,
        })
      this.#full = true
      return undefined
    }
    const entry: Entry = { job, text, since: this.#clock.now(), tries: 0, waiters: new Set() }
    this.#entries.set(text, entry)
    this.#waiting.add(entry)
    this.#bytes += bytes
    this.#options.journal.opened(text)
    return entry
  }

  #next(): void {
    const { atOnce = 32 } = this.#options
    while (this.#running < atOnce && this.#pause === undefined && !this.#stopping.signal.aborted) {
      const entry = take(this.#urgent) ?? take(this.#waiting)
      if (entry === undefined) break
      const waitMs = this.#options.waitMs()
      if (waitMs > 0) {
        this.#waiting.add(entry)
        this.#wait(waitMs, notThere(waitMs))
        break
      }
      this.#running++
      void this.#run(entry)
    }
    if (this.#running === 0) for (const idle of this.#idle.splice(0)) idle()
  }

  async #run(entry: Entry): Promise<void> {
    const { perform, logger } = this.#options
    const { signal } = this.#stopping
    try {
      await perform(entry.job, signal)
      this.counts.done++
      this.#settle(entry)
    } catch (thrown) {
      const error = GoregoError.from(thrown)
      if (
        !signal.aborted &&
        (!PASSING.has(error.code) || (this.#options.waitMs() === 0 && ++entry.tries >= MOST_TRIES))
      ) {
        this.counts.dropped++
        logger.warn('the backing cache does not take what was stored here', { what: entry.text, why: error.message })
        this.#settle(entry, error)
      } else {
        this.#waiting.add(entry)
        for (const settle of [...entry.waiters]) settle(error)
        this.#wait(Math.max(PAUSE_MS, this.#options.waitMs()), error)
      }
    } finally {
      this.#running--
      this.#next()
    }
  }

  #settle(entry: Entry, error?: unknown): void {
    this.#entries.delete(entry.text)
    this.#bytes -= sizeOf(entry.job)
    this.#full = false
    this.#options.journal.done(entry.text)
    for (const settle of [...entry.waiters]) settle(error)
  }

  /** Nobody is kept waiting meanwhile. */
  #wait(ms: number, why: GoregoError): void {
    for (const entry of this.#urgent) {
      this.#waiting.add(entry)
      for (const settle of [...entry.waiters]) settle(why)
    }
    this.#urgent.clear()
    if (this.#stopping.signal.aborted) return
    this.#pause ??= this.#clock.after(ms, () => {
      this.#pause = undefined
      this.#next()
    })
  }
}

function take(entries: Set<Entry>): Entry | undefined {
  const [first] = entries
  if (first !== undefined) entries.delete(first)
  return first
}

function sizeOf(job: Job): number {
  return job.kind === 'blob' ? job.digest.sizeBytes : 0
}

function notThere(waitMs: number): GoregoError {
  return new GoregoError(
    'unavailable',
    'the backing cache does not answer; what was sent is kept, and goes there later',
    {
      details: [{ kind: 'retry-after', delayMs: Math.ceil(waitMs) }],
    },
  )
}
