import type { Digest } from '../digest/index.js'
import type { Budget } from '../disk/index.js'
import type { StoreKeeper } from './store-keeper.js'

/** So many digests are remembered at most, in each of two sets: some 20 MB. */
const MAX_REMEMBERED = 50_000

/**
 * A keeper that is not asked again about what it has just said is there: a client that was told of a blob reads it next, and
 * many clients read the same ones. The keeper must keep what it was asked for by `leaseMs` longer than it promises to clients,
 * so that a promise that is made from memory holds as long as any. What is absent is never remembered.
 */
export class LeasedKeeper implements StoreKeeper {
  readonly #base: StoreKeeper
  readonly #now: () => number
  /** An answer is used for one to two of these, if it took no longer than one to come. */
  readonly #thirdMs: number
  #young = new Set<string>()
  #old = new Set<string>()
  #youngSince: number
  #forgotten = 0

  /** `leaseMs`: 0 remembers nothing. `now`: milliseconds that never go back. */
  constructor(base: StoreKeeper, leaseMs: number, now = () => performance.now()) {
    this.#base = base
    this.#thirdMs = leaseMs / 3
    this.#now = now
    this.#youngSince = now()
  }

  get room(): Budget {
    return this.#base.room
  }

  async findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    const begun = this.#now()
    this.#age(begun)
    const asked = digests.filter(({ key }) => !this.#young.has(key) && !this.#old.has(key))
    if (asked.length === 0) return []
    const forgotten = this.#forgotten
    const missing = await this.#base.findMissing(asked, signal)
    // An answer that was overtaken by `forget`, or by the clock, is good for once.
    if (forgotten === this.#forgotten && this.#now() - begun < this.#thirdMs) this.#remember(asked, missing)
    return missing
  }

  async lookAgain(digests: readonly Digest[]): Promise<void> {
    this.forget()
    await this.#base.lookAgain(digests)
  }

  /** Blobs were lost in spite of all promises: somebody removed or wrote to their files. */
  forget(): void {
    this.#forgotten++
    this.#young.clear()
    this.#old.clear()
  }

  #remember(asked: readonly Digest[], missing: readonly Digest[]): void {
    const absent = new Set(missing.map(({ key }) => key))
    for (const { key } of asked) if (!absent.has(key)) this.#young.add(key)
  }

  #age(now: number): void {
    const age = now - this.#youngSince
    if (age < this.#thirdMs && this.#young.size < MAX_REMEMBERED) return
    this.#old = age < 2 * this.#thirdMs ? this.#young : new Set()
    this.#young = new Set()
    this.#youngSince = now
  }
}
