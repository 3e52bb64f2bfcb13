import type { Clock } from '../observe/index.js'

export interface RetentionOptions {
  readonly clock: Clock
  /** How long a name is kept, in milliseconds. */
  readonly forMs: number
  /** At most so many names; the oldest go first, however young. */
  readonly atMost: number
  readonly drop: (name: string) => void
}

/** Remembers names for a while, in the order in which they came; one timer for all of them. */
export class Retention implements Disposable {
  readonly #options: RetentionOptions
  readonly #since = new Map<string, number>()
  #timer: Disposable | undefined

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  add(name: string): void {
    this.#since.set(name, this.#options.clock.now())
    if (this.#since.size > this.#options.atMost) this.#dropOldest()
    this.#arm()
  }

  forget(name: string): void {
    this.#since.delete(name)
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#since.clear()
  }

  #arm(): void {
    const oldest = this.#since.values().next().value
    if (this.#timer !== undefined || oldest === undefined) return
    const { clock, forMs } = this.#options
    this.#timer = clock.after(Math.max(0, oldest + forMs - clock.now()), () => {
      this.#timer = undefined
      this.#dropExpired()
      this.#arm()
    })
  }

  #dropExpired(): void {
    const { clock, forMs } = this.#options
    for (const since of this.#since.values()) {
      if (since + forMs > clock.now()) return
      this.#dropOldest()
    }
  }

  #dropOldest(): void {
    const name = this.#since.keys().next().value
    if (name === undefined) return
    this.#since.delete(name)
    this.#options.drop(name)
  }
}
