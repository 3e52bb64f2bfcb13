import { GoregoError } from '@gorego/core'
import type { StatusSnapshot } from './snapshot.js'

export interface StatusFeedOptions {
  readonly take: () => Promise<StatusSnapshot>
  /** How often it is looked whether something has changed, in milliseconds. Default 1 s. */
  readonly everyMs?: number
  /** After so many looks without a change, watchers are told that all is well, so that nothing between takes the connection for dead. Default 15. */
  readonly quietLooks?: number
  readonly maxWatchers?: number
}

const MAX_WATCHERS = 100

/**
 * How the server is, told to all who watch whenever it changes. A snapshot is taken and written once for all of them, and only while somebody
 * watches. Who is slow leaves out what came meanwhile: nothing is kept for anybody.
 */
export class StatusFeed {
  readonly #take: () => Promise<StatusSnapshot>
  readonly #everyMs: number
  readonly #quietLooks: number
  readonly #maxWatchers: number
  #watchers = 0
  #timer: NodeJS.Timeout | undefined
  #text = ''
  /** Counts the looks. */
  #looks = 0
  #changedAt = 0
  readonly #waiting = new Set<() => void>()

  constructor({ take, everyMs = 1000, quietLooks = 15, maxWatchers = MAX_WATCHERS }: StatusFeedOptions) {
    this.#take = take
    this.#everyMs = everyMs
    this.#quietLooks = quietLooks
    this.#maxWatchers = maxWatchers
  }

  get watchers(): number {
    return this.#watchers
  }

  /** Events as text/event-stream has them. Throws `resource-exhausted` when too many watch already. */
  async *watch(signal: AbortSignal): AsyncGenerator<string> {
    if (this.#watchers >= this.#maxWatchers)
      throw new GoregoError(
        'resource-exhausted',
        `${this.#watchers} watch already, as many as this server allows: close the page somewhere else`,
      )
    this.#watchers++
    try {
      if (this.#watchers === 1) await this.#look()
      let told = -1
      let heardAt = this.#looks
      while (!signal.aborted) {
        if (told !== this.#changedAt && this.#text !== '') {
          told = this.#changedAt
          heardAt = this.#looks
          yield `data: ${this.#text}\n\n`
        } else if (this.#looks - heardAt >= this.#quietLooks) {
          heardAt = this.#looks
          yield ': all is well\n\n'
        }
        await this.#nextLook(signal)
      }
    } finally {
      this.#watchers--
      if (this.#watchers === 0) clearTimeout(this.#timer)
    }
  }

  async #look(): Promise<void> {
    // One that fails is no reason to stop: the next may not.
    const text = await this.#take().then(JSON.stringify, () => this.#text)
    this.#looks++
    if (text !== this.#text) {
      this.#text = text
      this.#changedAt = this.#looks
    }
    for (const wake of this.#waiting) wake()
    if (this.#watchers === 0) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#look(), this.#everyMs)
  }

  #nextLook(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal.addEventListener('abort', wake)
    })
  }
}
