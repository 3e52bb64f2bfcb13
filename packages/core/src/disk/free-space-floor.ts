export interface FreeSpaceFloorOptions {
  /** What is free on the disk, in bytes. */
  readonly freeBytes: () => number
  /** What is to stay free for everybody else, in bytes; 0 for no floor, and then nothing is asked. */
  readonly minFreeBytes: number
  /** What we have on that disk ourselves, in bytes. */
  readonly usedBytes: () => number
  /** Milliseconds that never go back. */
  readonly now: () => number
}

/** How long an answer of the disk is good for, in milliseconds: what we use ourselves meanwhile is in the sum, and others take theirs slowly. */
const GOOD_FOR_MS = 1_000

/** How much we may have on a disk so that some of it stays free, whoever else fills it. */
export class FreeSpaceFloor {
  readonly #options: FreeSpaceFloorOptions
  #limit = Number.POSITIVE_INFINITY
  #goodUntil = Number.NEGATIVE_INFINITY

  constructor(options: FreeSpaceFloorOptions) {
    this.#options = options
  }

  get minFreeBytes(): number {
    return this.#options.minFreeBytes
  }

  /** In bytes: what we have by now and what is free beyond the floor. Less than we have when others took it. */
  get limitBytes(): number {
    const { minFreeBytes, now } = this.#options
    if (minFreeBytes === 0) return Number.POSITIVE_INFINITY
    if (now() >= this.#goodUntil) this.renew()
    return this.#limit
  }

  /** Asks the disk again: before anything is evicted because of an answer from a moment ago. */
  renew(): void {
    const { freeBytes, minFreeBytes, usedBytes, now } = this.#options
    if (minFreeBytes === 0) return
    this.#goodUntil = now() + GOOD_FOR_MS
    this.#limit = usedBytes() + freeBytes() - minFreeBytes
  }
}
