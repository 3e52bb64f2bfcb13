import { setImmediate as nextTurn } from 'node:timers/promises'
import { GoregoError } from '../errors/index.js'
import { type BlobIndex, blocks, type IndexEntry } from './blob-index.js'
import type { FreeSpaceFloor } from './free-space-floor.js'
import type { Pins } from './pins.js'
import { type Reservation, reservationFrom } from './reservation.js'

/** Evictions, at some 40 µs each, before other work gets a turn. */
const EVICTIONS_A_TURN = 32

/** Blobs from before the start that the disk is asked about, at some 6 µs each, before other work gets a turn. */
const LOOKS_A_TURN = 256

/** What holds the room then are uploads under way, which end or are given up, or what actions need, which end, too. */
const BUSY_RETRY_MS = 1_000

/** One renewal of the pins may be under way when a search comes to need one; the next says all that there is to say. */
const RENEWALS_A_SEARCH = 2

export interface DiskBudgetOptions {
  /** What a person calls it: completes "no space is left on the disk of …". */
  readonly name: string
  readonly index: BlobIndex
  /** Bytes of whole blocks, for blobs and uploads under way together. */
  readonly maxBytes: number
  /** What others need of the disk may leave less than that. */
  readonly floor?: FreeSpaceFloor
  /** For so long after its last use a blob is not evicted, in milliseconds. */
  readonly graceMs: number
  /** What is kept beyond the grace. */
  readonly pins?: Pins
  /** What else takes room of the same budget, in bytes of whole blocks. */
  readonly others?: () => number
  /** The index's clock. */
  readonly now: () => number
  /** Removes a blob: its files and its entry. */
  readonly evict: (entry: IndexEntry) => void
  /** How long ago a blob of which no use is known was stored, as the disk has it, in milliseconds. */
  readonly storedFor: (entry: IndexEntry) => number
  /** While blobs from before the start are still being counted and put in order: resolves when they are. Undefined after that. */
  readonly counting?: () => Promise<void> | undefined
  /** Gives up something else that takes room, such as an upload that broke off, when no blob may go. False if there is nothing. */
  readonly spare?: () => boolean
}

/**
 * Who may be on the disk. Least recently used blobs make room for new ones, except those used within the grace: a client
 * was told that they are there, and relies on it. Where nothing may go, who wants room is refused and told how long
 * it takes until something may. While blobs from before the start are still being counted, nothing is
 * evicted: who wants room waits until it is known what was used last. Those that are not known yet do not count, so for that time the budget
 * may be exceeded by what is written meanwhile.
 */
export class DiskBudget {
  readonly #options: DiskBudgetOptions
  #reserved = 0

  constructor(options: DiskBudgetOptions) {
    this.#options = options
  }

  get name(): string {
    return this.#options.name
  }

  /** Whether a file of so many bytes can be added without evicting anything. */
  fits(bytes: number): boolean {
    return this.usedBytes + blocks(bytes) <= this.limitBytes
  }

  /** What there may be just now, in bytes of whole blocks. What is free says nothing as long as it is not known what is ours. */
  get limitBytes(): number {
    const { maxBytes, floor, counting } = this.#options
    if (floor === undefined || counting?.() !== undefined) return maxBytes
    return Math.max(0, Math.min(maxBytes, floor.limitBytes))
  }

  /** Whether there is more than this part of what there may be. */
  isAbove(part: number): boolean {
    return this.#exceeds(0, part)
  }

  /** Space for one upload, none at first. Its holder gives it back when the file is gone, or counted as a blob. */
  reservation(): Reservation {
    return reservationFrom({
      take: (bytes) => this.#take(bytes),
      give: (bytes) => {
        this.#reserved -= bytes
      },
    })
  }

  /** Evicts until everything fits, or nothing more may go. Returns how long it takes until it may, in milliseconds: 0 if it fits. */
  makeRoom(): Promise<number> {
    return this.#reserve(0)
  }

  /** Evicts down to this part of what there may be, until nothing more may go, or it is told to stop. */
  async evictDownTo(part: number, isStopped: () => boolean): Promise<void> {
    const search = new Search()
    while (!isStopped() && this.usedBytes > this.limitBytes * part && this.#evictOldest(search) === 0) {
      if (search.isLong) await search.pause()
    }
  }

  /** Evicts so many bytes, or what may go, whatever the budget: the disk is full. False if nothing may go. */
  async shrink(bytes: number): Promise<boolean> {
    const search = new Search()
    const before = this.#options.index.bytes
    const target = before - Math.max(bytes, 1)
    while (this.#options.index.bytes > target && this.#evictOldest(search) === 0) {
      if (search.isLong) await search.pause()
    }
    return this.#options.index.bytes < before
  }

  /** Evicts what was not used for so long, in milliseconds, but for what was used within the grace. */
  async evictOlder(ageMs: number): Promise<void> {
    const { index, now, evict, storedFor, graceMs } = this.#options
    const oldEnough = Math.max(ageMs, graceMs)
    const search = new Search()
    for (;;) {
      const oldest = index.oldest()
      if (oldest === undefined) return
      const age = oldest.usedAt === Number.NEGATIVE_INFINITY ? storedFor(oldest) : now() - oldest.usedAt
      if (age < oldEnough) return
      const pinned = this.#isPinned(oldest, search)
      if (pinned === 'yes') return
      if (pinned === 'no') {
        search.evictions++
        evict(oldest)
      }
      if (search.isLong) await search.pause()
    }
  }

  /** Blobs, uploads under way and what else there is, in bytes of whole blocks. */
  get usedBytes(): number {
    return this.#options.index.bytes + this.#reserved + (this.#options.others?.() ?? 0)
  }

  async #take(bytes: number): Promise<void> {
    const waitMs = await this.#reserve(bytes)
    if (waitMs > 0) throw this.#refusal(bytes, waitMs)
  }

  /** As `makeRoom`; what fits is taken in the same breath, so that no two of many who ask at once get the same room. */
  async #reserve(bytes: number): Promise<number> {
    const search = new Search()
    while (this.#exceeds(bytes)) {
      const waitMs = this.#evictOldest(search)
      if (waitMs > 0 && this.#options.spare?.() !== true) return waitMs
      if (search.isLong) await search.pause()
    }
    this.#reserved += bytes
    return 0
  }

  /** By a fresh answer of the disk, where the last one says so: what was counted since looks as if others had taken it. */
  #exceeds(moreBytes: number, part = 1): boolean {
    const exceeds = () => this.usedBytes + moreBytes > this.limitBytes * part
    if (!exceeds()) return false
    this.#options.floor?.renew()
    return exceeds()
  }

  /** 0, or how long the one that may go first is still to be kept. */
  #evictOldest(search: Search): number {
    const { index, graceMs, now, evict, storedFor, counting } = this.#options
    for (;;) {
      search.awaited = counting?.()
      if (search.awaited !== undefined) return 0
      const oldest = index.oldest()
      if (oldest === undefined) return BUSY_RETRY_MS
      const keptMs = oldest.usedAt + graceMs - now()
      if (keptMs > 0) return keptMs
      const pinned = this.#isPinned(oldest, search)
      if (pinned !== 'no') return pinned === 'yes' ? BUSY_RETRY_MS : 0
      if (oldest.usedAt === Number.NEGATIVE_INFINITY && graceMs > 0) {
        // Nothing is evicted yet, and the search goes on after a pause.
        if (search.looks++ >= LOOKS_A_TURN) return 0
        // Whoever sent it was told so by the process before us; now it counts as used.
        if (storedFor(oldest) < graceMs) {
          index.add(oldest.digest, oldest.plain ? 'plain' : 'executable')
          continue
        }
      }
      search.evictions++
      evict(oldest)
      return 0
    }
  }

  /** `unknown`: the search has to wait for it. What is pinned counts as used just now, so all that is left is, too. */
  #isPinned({ usedAt }: IndexEntry, search: Search): 'yes' | 'no' | 'unknown' {
    const { pins, graceMs } = this.#options
    const renewal = pins?.renewal(usedAt + graceMs)
    if (renewal === undefined) return 'no'
    if (search.renewals++ >= RENEWALS_A_SEARCH) return 'yes'
    search.awaited = renewal
    return 'unknown'
  }

  #refusal(bytes: number, waitMs: number): GoregoError {
    const { maxBytes, graceMs, floor } = this.#options
    const limit = this.limitBytes
    const bounds =
      floor !== undefined && limit < maxBytes
        ? `the ${limit} that it may have so that ${floor.minFreeBytes} stay free on its disk`
        : `its ${maxBytes}`
    const message = `the cache is full: ${bytes} more bytes do not fit into ${bounds}, and everything in it was used within the last ${graceMs / 1000} s, is still being written, or is needed by actions; try again later, or give it more room`
    return new GoregoError('resource-exhausted', message, { details: [{ kind: 'retry-after', delayMs: waitMs }] })
  }
}

/** The work of one search for room, so that it does not take too much at a time. */
class Search {
  evictions = 0
  looks = 0
  renewals = 0
  /** What there is to wait for before it goes on. */
  awaited: Promise<void> | undefined

  get isLong(): boolean {
    return this.awaited !== undefined || this.evictions >= EVICTIONS_A_TURN || this.looks >= LOOKS_A_TURN
  }

  async pause(): Promise<void> {
    this.evictions = 0
    this.looks = 0
    await (this.awaited ?? nextTurn())
    this.awaited = undefined
  }
}
