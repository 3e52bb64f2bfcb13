import type { Clock } from '../observe/index.js'

export interface RetentionOptions {
  readonly clock: Clock
  /** How long a name is kept, in milliseconds. */
  readonly forMs: number
  /** At most so many names; the oldest go first, however young. */
  readonly atMost: number
  /** At most so many bytes of what the names stand for, likewise; the youngest is kept in any case. */
  readonly maxBytes: number
  readonly drop: (name: string) => void
}

interface Kept {
  readonly since: number
  readonly bytes: number
}

/** Remembers names for a while, in the order in which they came; one timer for all of them. */
export class Retention implements Disposable {
  readonly #options: RetentionOptions
  readonly #kept = new Map<string, Kept>()
  #bytes = 0
  #timer: Disposable | undefined

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  add(name: string, bytes: number): void {
    const { clock, atMost, maxBytes } = this.#options
    this.#kept.set(name, { since: clock.now(), bytes })
    this.#bytes += bytes
    while (this.#kept.size > atMost || (this.#bytes > maxBytes && this.#kept.size > 1)) this.#dropOldest()
    this.#arm()
  }

  forget(name: string): void {
    this.#bytes -= this.#kept.get(name)?.bytes ?? 0
    this.#kept.delete(name)
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]()
    this.#kept.clear()
  }

  #arm(): void {
    const oldest = this.#kept.values().next().value
    if (this.#timer !== undefined || oldest === undefined) return
    const { clock, forMs } = this.#options
    this.#timer = clock.after(Math.max(0, oldest.since + forMs - clock.now()), () => {
      this.#timer = undefined
      this.#dropExpired()
      this.#arm()
    })
  }

  #dropExpired(): void {
    const { clock, forMs } = this.#options
    for (const { since } of this.#kept.values()) {
      if (since + forMs > clock.now()) return
      this.#dropOldest()
    }
  }

  #dropOldest(): void {
    const name = this.#kept.keys().next().value
    if (name === undefined) return
    this.forget(name)
    this.#options.drop(name)
  }
}
