import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Digest, type DigestFunction, DigestingCheck, isEmptyBlob } from '../digest/index.js'
import {
  BlobIndex,
  type Budget,
  closeToOthers,
  DiskBudget,
  FreeSpaceFloor,
  freeBytes,
  IndexLoader,
  isDiskFull,
  makeDirectories,
  Pins,
  RecencyKeeper,
  type RenewPin,
  ResultJanitor,
  RoomInAdvance,
  Session,
  StoreLayout,
  steadyTime,
} from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { type Clock, systemClock } from '../observe/index.js'
import { readBlob, readRange, SMALL_BLOB } from './blob-file-reader.js'
import { BlobFileWriter } from './blob-file-writer.js'
import type {
  AllocateChunk,
  BlobContent,
  BlobFileOptions,
  ByteRange,
  ContentAddressableStorage,
} from './content-addressable-storage.js'
import type { IncomingBlob } from './incoming-blob.js'
import { IncomingBlobs } from './incoming-blobs.js'
import type { AddedBlob, LocalStoreOptions, StoreUsage } from './local-store-options.js'
import { PartialUploads } from './partial-uploads.js'
import type { ReceivedBlob } from './received-blob.js'
import type { StoreKeeper } from './store-keeper.js'
import { LOOK_UPS_A_TURN, StoredBlobs } from './stored-blobs.js'

const DEFAULT_MAX_BYTES = 50e9

/**
 * Long enough to send the rest of an action's inputs over a slow line and to fetch what came out; so short that 50 GB
 * would have to be used at 160 MB/s before a write is refused.
 */
const DEFAULT_GRACE_MS = 300_000

/**
 * Outputs are on the disk before anybody can say that there is no room for them, and running the action again would cost
 * more than they do: they may exceed the budget by this part of it, until the grace of others is over.
 */
const SLACK = 0.1

/** The part of the budget that action results may take. */
const RESULTS = 0.1

/** In the session of a server. */
const SERVED = 'served'

/**
 * Blobs as files: one file a blob, sharded by the first byte of the hash, written to a temporary file, verified and
 * renamed, so that whoever is killed at any point leaves either the whole blob or nothing. An index in memory, loaded
 * from the directory listings after the start, answers look-ups and knows what was used last. The files are the truth: one
 * that the index does not have yet, or that another process with a session there stored, is found, one that is gone, cut short or was written to counts as
 * absent. Runner processes read and add files in the same layout by themselves and report what they added (`adopt`).
 */
export class LocalStore implements ContentAddressableStorage, Disposable {
  readonly layout: StoreLayout
  /** Uploads on their way into this store that may take several connections. */
  readonly uploads: PartialUploads
  /**
   * Resolves when everything that was in the directory is counted and what is too much is evicted; the store is in use
   * before. Rejects if a directory cannot be listed: then what is in the others counts.
   */
  readonly loaded: Promise<void>
  readonly #index: BlobIndex
  readonly #loader: IndexLoader
  readonly #blobs: StoredBlobs
  readonly #recency: RecencyKeeper
  readonly #results: ResultJanitor
  readonly #pins: Pins
  readonly #budget: DiskBudget
  readonly #roomInAdvance: RoomInAdvance | undefined
  readonly #maxBytes: number
  readonly #session: Session
  readonly #incoming: IncomingBlobs
  /** Until it is known what there is and what of it was used last. */
  #counting: Promise<void> | undefined
  #evictions = 0

  private constructor(options: LocalStoreOptions) {
    this.layout = new StoreLayout(options.dir)
    const { maxBytes = DEFAULT_MAX_BYTES, graceMs = DEFAULT_GRACE_MS, clock = systemClock } = options
    const now = steadyTime(() => clock.now())
    const after: Clock['after'] = (delayMs, callback) => clock.after(delayMs, callback)
    this.#maxBytes = maxBytes
    this.#index = new BlobIndex(now)
    this.#session = Session.open(this.layout.sessions)
    // Before the listing begins: what others stored until then is in it.
    const isAlone = this.#session.watchForOthers()
    this.#loader = this.#startLoading()
    this.#blobs = new StoredBlobs({ layout: this.layout, index: this.#index, loader: this.#loader, isAlone })
    this.#pins = new Pins({ index: this.#index, now })
    this.#budget = new DiskBudget({
      name: `the cache, ${options.dir}`,
      index: this.#index,
      maxBytes,
      floor: new FreeSpaceFloor({
        freeBytes: () => freeBytes(this.layout.blobs),
        minFreeBytes: options.minFreeBytes ?? 0,
        usedBytes: () => this.#budget.usedBytes,
        now,
      }),
      graceMs,
      pins: this.#pins,
      now,
      evict: ({ digest }) => {
        this.#evictions++
        this.discard(digest)
      },
      storedFor: (entry) => this.#blobs.storedFor(entry, clock),
      counting: () => this.#counting,
      others: () => this.#results.usage.bytes,
      spare: () => this.uploads.displaceOldest(),
    })
    this.#incoming = new IncomingBlobs({ directory: this.#session.directory('upload'), budget: this.#budget, maxBytes })
    const makeFile = (digest: Digest) => this.#incoming.open(digest)
    this.uploads = new PartialUploads({ ...options.partialUploads, clock, makeFile })
    this.#recency = new RecencyKeeper({
      index: this.#index,
      path: this.layout.recency,
      temporary: this.#session.directory('upload'),
      now,
      after,
    })
    this.#results = new ResultJanitor({
      layout: this.layout,
      maxBytes: maxBytes * RESULTS,
      graceMs,
      now: () => clock.now(),
      after,
    })
    const { watermarks } = options
    this.#roomInAdvance = watermarks && new RoomInAdvance({ budget: this.#budget, watermarks, after })
    this.loaded = this.#load()
    // Who wants to know asks.
    this.loaded.catch(() => {})
  }

  /** A store that can be used at once, however much is in the directory. */
  static async open(options: LocalStoreOptions): Promise<LocalStore> {
    return new LocalStore(options)
  }

  get usage(): StoreUsage {
    const { usedBytes: bytes } = this.#budget
    return { bytes, maxBytes: this.#maxBytes, blobs: this.#index.size, complete: this.#loader.isComplete }
  }

  /** How many blobs were evicted to make room since the store was opened. */
  get evictions(): number {
    return this.#evictions
  }

  /** What the action results below the directory take, as of the last look at them, every ten minutes. */
  get results(): { readonly bytes: number; readonly results: number } {
    return this.#results.usage
  }

  /** The budget, for processes that write into the directory themselves. */
  get room(): Budget {
    return this.#budget
  }

  /** For processes that put files in place themselves (`SharedStore`): those are looked for on the disk. */
  get keeper(): StoreKeeper {
    return {
      room: this.#budget,
      findMissing: (digests, signal) => this.#blobs.findNotOnDisk(digests, signal),
      lookAgain: async (digests) => this.lookAgain(digests),
    }
  }

  /** Keeps what `renew` finds (`findMissing`, `get`), until disposed of: it is called before anything is evicted that it might need (`Pins`). */
  pin(renew: RenewPin): Disposable {
    return this.#pins.add(renew)
  }

  findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    return this.#blobs.findMissing(digests, signal)
  }

  async get(digest: Digest, signal?: AbortSignal): Promise<Uint8Array> {
    if (isEmptyBlob(digest)) return new Uint8Array(0)
    return await readBlob(this.#blobs.open(digest), digest.sizeBytes, signal)
  }

  async *read(
    digest: Digest,
    range: ByteRange = {},
    signal?: AbortSignal,
    allocate?: AllocateChunk,
  ): AsyncGenerator<Uint8Array> {
    if (isEmptyBlob(digest)) return
    yield* readRange(this.#blobs.open(digest), digest.sizeBytes, range, signal, allocate)
  }

  async write(digest: Digest, content: BlobContent, signal?: AbortSignal): Promise<void> {
    const check = new DigestingCheck(digest)
    if (content instanceof Uint8Array) {
      await check.updateInTurns([content])
      check.finish()
      signal?.throwIfAborted()
      if (this.#blobs.isKnown(digest)) return
      if (content.length <= SMALL_BLOB && this.#writeAtOnce(digest, content)) return
    }
    const verified = this.#incoming.verified(content, digest)
    if (verified !== undefined) {
      signal?.throwIfAborted()
      this.#publish(digest, verified)
      return
    }
    using file = await this.#incoming.open(digest)
    await file.receive(content, check, signal)
    this.#publish(digest, file)
  }

  /**
   * The digest of a stored blob, for somebody who knows its hash only, which must be one of the function. That is a use of it,
   * too. Until all blobs are counted, the disk is asked for what is not known yet.
   */
  find(fn: DigestFunction, hash: string): Promise<Digest | undefined> {
    return this.#blobs.find(fn, hash)
  }

  /** Takes content of which nothing is known but that it has no more than so many bytes; `write` then stores it without a copy. */
  receive(
    fn: DigestFunction,
    chunks: AsyncIterable<Uint8Array>,
    mostBytes: number,
    signal?: AbortSignal,
  ): Promise<ReceivedBlob> {
    return this.#incoming.receive(fn, chunks, mostBytes, signal)
  }

  /**
   * Runners put these files in place themselves: they count from now on, and older blobs may have to go. Returns those
   * that are gone again, evicted as somebody else's. Throws `resource-exhausted` where there are too many bytes for the
   * budget and what it may be exceeded by; then those that were new are gone again, too. `nothingDiscarded`, which `watchForDiscards` has
   * returned before the first of them was put in place, saves a look at each.
   */
  async adopt(added: readonly AddedBlob[], nothingDiscarded = () => false): Promise<Digest[]> {
    const fresh: { readonly digest: Digest; readonly usedAt: number | undefined }[] = []
    const gone: Digest[] = []
    // Before anybody else gets to know them.
    const known = added.map(({ digest }) => this.#index.has(digest))
    let isThere = nothingDiscarded()
    for (const [n, { digest, variant, put = false }] of added.entries()) {
      if (n % LOOK_UPS_A_TURN === LOOK_UPS_A_TURN - 1) {
        await nextTurn()
        isThere &&= nothingDiscarded()
      }
      if (variant === 'executable') this.#index.add(digest, variant)
      else if (!this.#blobs.count(digest, put && isThere)) gone.push(digest)
      // Those that were not counted yet may be old ones.
      else if (!known[n] && this.#loader.isComplete) fresh.push({ digest, usedAt: this.#index.usedAt(digest) })
    }
    const waitMs = await this.#budget.makeRoom()
    if (waitMs === 0 || this.#budget.usedBytes <= this.#maxBytes * (1 + SLACK)) return gone
    // But for those that somebody was told of meanwhile.
    for (const { digest, usedAt } of fresh) if (this.#index.usedAt(digest) === usedAt) this.discard(digest)
    throw new GoregoError(
      'resource-exhausted',
      `the cache is full: what the action made does not fit into its ${this.#maxBytes} bytes, and everything else in it was used just now; try again later, or give it more room`,
      { details: [{ kind: 'retry-after', delayMs: waitMs }] },
    )
  }

  /** To be called before files are put in place, for `adopt`. */
  watchForDiscards(): () => boolean {
    return this.#blobs.watchForDiscards()
  }

  /** A runner did not find these: those that are indeed not there, or not whole, leave the index. */
  lookAgain(digests: readonly Digest[]): void {
    for (const digest of digests) this.#blobs.isStored(digest)
  }

  /**
   * A blob's own file: mode 0444, or 0555 for the `executable` one, and not to be written to. It can be linked and cloned. Undefined for the blob of
   * no bytes. That is a use of it. Throws `not-found`. What is written to it by somebody who gets past its mode shows in its modification
   * time: the blob counts as absent from then on.
   */
  async blobFile(digest: Digest, { executable }: BlobFileOptions): Promise<string | undefined> {
    if (!executable) return await this.#blobs.file(digest, 'plain', '')
    const file = await this.#blobs.file(digest, 'executable', this.#incoming.path())
    await this.#budget.makeRoom()
    return file
  }

  /** Throws a blob out, whatever its files hold by now. */
  discard(digest: Digest): void {
    this.#blobs.discard(digest)
  }

  /** Evicts what was not used for so long, and brings action results within their bounds; returns how many of those went. */
  async tidy(maxAgeMs: number): Promise<number> {
    const before = this.#results.removed
    await this.#results.tidy()
    await this.#budget.evictOlder(maxAgeMs)
    await this.#budget.makeRoom()
    return this.#results.removed - before
  }

  /**
   * Says that a server serves clients from here, for as long as this is open, and returns the process ids of those that had it open
   * before: servers, and all others. Of two servers that say so at once, each is told of the other.
   */
  claim(): { readonly servers: readonly number[]; readonly others: readonly number[] } {
    this.#session.directory(SERVED)
    const servers = this.#session.others(SERVED)
    return { servers, others: this.#session.others().filter((pid) => !servers.includes(pid)) }
  }

  /** A directory of this process's own beside the blobs, on the same file system; gone when the store is closed. */
  workDirectory(name: string): string {
    return this.#session.directory(name)
  }

  /** As `workDirectory`, for other users to pass through; from then on they do not get at what is stored. */
  passableDirectory(name: string): string {
    closeToOthers(this.layout)
    return this.#session.passableDirectory(name)
  }

  [Symbol.dispose](): void {
    this.#loader.stop()
    this.#roomInAdvance?.[Symbol.dispose]()
    this.uploads[Symbol.dispose]()
    this.#results[Symbol.dispose]()
    this.#recency[Symbol.dispose]()
    this.#session[Symbol.dispose]()
  }

  async #load(): Promise<void> {
    const loading = this.#loader.done
    this.#counting = loading.catch(() => {}).then(() => this.#recallUses())
    await this.#counting
    if (!this.#loader.isStopped) await this.#budget.makeRoom()
    await loading
  }

  async #recallUses(): Promise<void> {
    if (!this.#loader.isStopped) await this.#recency.restore()
    this.#counting = undefined
  }

  #startLoading(): IndexLoader {
    try {
      makeDirectories(this.layout.blobs)
      return new IndexLoader(this.layout, this.#index)
    } catch (error) {
      this.#session[Symbol.dispose]()
      throw error
    }
  }

  /**
   * Stores a small blob without a break, so that nothing has to be reserved, which would cost as much as a system call or two.
   * False where room has to be made first.
   */
  #writeAtOnce(digest: Digest, bytes: Uint8Array): boolean {
    if (!this.#budget.fits(bytes.length)) return false
    const file = new BlobFileWriter(this.#incoming.path())
    try {
      file.appendSync([bytes])
      file.commit(this.layout.blob(digest))
    } catch (error) {
      file.discard()
      if (isDiskFull(error)) return false
      throw error
    }
    this.#index.add(digest, 'plain')
    return true
  }

  #publish(digest: Digest, file: IncomingBlob): void {
    if (isEmptyBlob(digest)) return
    file.commit(this.layout.blob(digest))
    this.#index.add(digest, 'plain')
  }
}
