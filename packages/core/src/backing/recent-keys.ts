import { type Clock, systemClock } from '../observe/index.js'

/** Keys for a while: for a bounded time, and a bounded number of them, of which the oldest go first. */
export class RecentKeys {
  readonly #until = new Map<string, number>()
  readonly #keepMs: number
  readonly #most: number
  readonly #clock: Clock

  constructor({ keepMs, most, clock = systemClock }: { keepMs: number; most: number; clock?: Clock }) {
    this.#keepMs = keepMs
    this.#most = most
    this.#clock = clock
  }

  has(key: string): boolean {
    const until = this.#until.get(key)
    if (until === undefined) return false
    if (until > this.#clock.now()) return true
    this.#until.delete(key)
    return false
  }

  add(key: string): void {
    this.#until.delete(key)
    this.#until.set(key, this.#clock.now() + this.#keepMs)
    if (this.#until.size > this.#most) this.#until.delete(this.#until.keys().next().value ?? '')
  }

  delete(key: string): void {
    this.#until.delete(key)
  }

  clear(): void {
    this.#until.clear()
  }
}
