import { setMaxListeners } from 'node:events'
import type { ActionCache, ActionKey } from '../action-cache/index.js'
import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import type { Clock, Logger } from '../observe/index.js'
import type { BackingCache } from './backing-cache.js'
import { Downloads } from './downloads.js'
import { GatheredLookUps } from './gathered-look-ups.js'
import type { Guard } from './guard.js'
import { JobJournal } from './job-journal.js'
import { keepPending } from './keep-pending.js'
import { RecentKeys } from './recent-keys.js'
import { Uploads } from './uploads.js'
import { type Backlog, WriteBehind, type WriteBehindCounts } from './write-behind.js'

/** The caches of both sides, and how the other one is guarded. */
export interface UpstreamCacheOptions {
  readonly local: ContentAddressableStorage
  readonly localResults: ActionCache
  /** The other server. */
  readonly remote: ContentAddressableStorage
  readonly remoteResults: ActionCache
  readonly guard: Guard
  /** Whether nothing is stored that is not stored there, and what goes wrong there is told. Otherwise it then counts as empty. */
  readonly required: boolean
  /** What is still to be stored there, for after a restart. */
  readonly journalPath: string
  /** Has what `renew` finds in `local` kept there (`LocalStore.pin`): what waits, or it would be evicted before it is stored there. */
  readonly pin?: (renew: () => Promise<void>) => Disposable
  /** Bytes of blobs that may wait for it. */
  readonly maxPendingBytes: number
  readonly logger: Logger
  readonly clock?: Clock
}

/** For so long a blob that was found there, or stored, is not asked for again: servers keep what they were asked for longer. */
const KNOWN_MS = 60_000
const MOST_KNOWN = 100_000

/** For so long a blob that could not be had counts as absent, whatever is said there: or nobody would send it again. */
const DOUBTED_MS = 60_000
const MOST_DOUBTED = 10_000

/** Another server as the cache behind this one's store and action cache. */
export class UpstreamCache implements BackingCache {
  readonly #options: UpstreamCacheOptions
  readonly #lookUps: GatheredLookUps
  readonly #downloads: Downloads
  readonly #writeBehind: WriteBehind
  readonly #pin: Disposable | undefined
  readonly #known: RecentKeys
  readonly #doubted: RecentKeys

  private constructor(options: UpstreamCacheOptions) {
    this.#options = options
    const { remote, guard, logger, maxPendingBytes } = options
    const withClock = options.clock === undefined ? {} : { clock: options.clock }
    this.#known = new RecentKeys({ keepMs: KNOWN_MS, most: MOST_KNOWN, ...withClock })
    this.#doubted = new RecentKeys({ keepMs: DOUBTED_MS, most: MOST_DOUBTED, ...withClock })
    this.#lookUps = new GatheredLookUps((digests) =>
      guard.call((attempt) => remote.findMissing(digests, attempt.signal)),
    )
    this.#downloads = new Downloads(options)
    const uploads = new Uploads({
      ...options,
      findMissing: (digests, signal) => this.#lookUp(digests, signal),
      onStored: ({ key }) => {
        this.#known.add(key)
        this.#doubted.delete(key)
      },
    })
    const journal = new JobJournal({
      path: options.journalPath,
      ...withClock,
      onError: (error) => logger.warn('what the backing cache lacks could not be written down', { error }),
    })
    this.#writeBehind = new WriteBehind({
      perform: (job, signal) => uploads.perform(job, signal),
      journal,
      waitMs: () => guard.breaker.retryInMs,
      logger,
      maxBytes: maxPendingBytes,
      ...withClock,
    })
    this.#pin = options.pin?.(() =>
      keepPending({ ...options, jobs: this.#writeBehind.jobs(), maxBytes: maxPendingBytes }),
    )
  }

  /** Goes on with what a process before had left to do. */
  static async open(options: UpstreamCacheOptions): Promise<UpstreamCache> {
    const cache = new UpstreamCache(options)
    await cache.#writeBehind.resume()
    return cache
  }

  /** Blobs and results that are still to be stored there. */
  get pending(): number {
    return this.#writeBehind.pending
  }

  /** The same, with their bytes, and since when they wait. Costs nothing to ask. */
  get backlog(): Backlog {
    return this.#writeBehind.backlog
  }

  /** Of what was to be stored there. */
  get counts(): Readonly<WriteBehindCounts> {
    return this.#writeBehind.counts
  }

  /** Whether it answers, as far as is known. */
  get reachable(): boolean {
    return !this.#options.guard.breaker.open
  }

  async findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    const doubted = new Set(digests.filter(({ key }) => this.#doubted.has(key)))
    const asked = doubted.size === 0 ? digests : digests.filter((digest) => !doubted.has(digest))
    const missing = await this.#orIfAway(asked, signal, () => this.#lookUp(asked, signal))
    if (doubted.size === 0) return [...missing]
    const absent = new Set([...missing, ...doubted].map(({ key }) => key))
    return digests.filter(({ key }) => absent.delete(key))
  }

  async fetch(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    const abort = new AbortController()
    // Each download listens, and there may be thousands.
    setMaxListeners(0, abort.signal)
    const giveUp = () => abort.abort(signal?.reason)
    if (signal?.aborted) giveUp()
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      return await this.#fetchAll(digests, abort.signal)
    } finally {
      signal?.removeEventListener('abort', giveUp)
    }
  }

  async stored(digests: readonly Digest[], signal?: AbortSignal): Promise<void> {
    for (const { key } of digests) this.#doubted.delete(key)
    const open = digests.filter((digest) => !this.#known.has(digest.key) && !digest.isEmpty)
    if (!this.#options.required) for (const digest of open) this.#writeBehind.add({ kind: 'blob', digest })
    else await Promise.all(open.map((digest) => this.#writeBehind.perform({ kind: 'blob', digest }, signal)))
  }

  async getResult(key: ActionKey, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const { guard, remoteResults } = this.#options
    const get = () => guard.call((attempt) => remoteResults.get(key, attempt.signal), signal)
    return await this.#orIfAway(undefined, signal, get)
  }

  async resultStored(key: ActionKey, signal?: AbortSignal): Promise<void> {
    const job = { kind: 'result', key } as const
    if (this.#options.required) await this.#writeBehind.perform(job, signal)
    else this.#writeBehind.add(job)
  }

  /** Gives what is under way so long to finish; the rest is written down. */
  async close(boundMs: number): Promise<void> {
    await this.#writeBehind.close(boundMs)
    this.#pin?.[Symbol.dispose]()
  }

  async #fetchAll(digests: readonly Digest[], signal: AbortSignal): Promise<Digest[]> {
    const each = digests.map(async (digest) => {
      const fetched = await this.#orIfAway('absent' as const, signal, () => this.#downloads.fetch(digest, signal))
      if (fetched instanceof GoregoError) throw fetched
      if (fetched === 'local') return []
      this.#known.delete(digest.key)
      this.#doubted.add(digest.key)
      return [digest]
    })
    return (await Promise.all(each)).flat()
  }

  async #lookUp(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    const asked = digests.filter(({ key }) => !this.#known.has(key))
    const missing = await this.#lookUps.findMissing(asked, signal)
    const absent = new Set(missing.map(({ key }) => key))
    for (const { key } of asked) if (!absent.has(key)) this.#known.add(key)
    return missing
  }

  /** What it cannot say counts as if it had nothing, unless that is not allowed. */
  async #orIfAway<T>(instead: T, signal: AbortSignal | undefined, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (this.#options.required || signal?.aborted || isOurs(error)) throw error
      this.#options.logger.debug('the backing cache has no answer', { error })
      return instead
    }
  }
}

/** Of this machine, not of the other server. */
function isOurs(error: unknown): boolean {
  return !(error instanceof GoregoError)
}
