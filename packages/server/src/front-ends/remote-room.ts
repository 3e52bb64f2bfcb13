import { type Budget, blocks, type Reservation, reservationFrom } from '@gorego/core'
import type { Channel } from './channel.js'

/** What is taken ahead at most, in bytes: small blobs then find room without asking for it. */
const MAX_AHEAD = 1024 * 1024

/** No more of the whole store than this is taken ahead: what nobody uses counts as used. */
const PART_AHEAD = 1 / 1024

/**
 * Room in the budget of the keeper. This process has one reservation there, from which its uploads take; what is asked
 * for is a little more than what is needed, and what is given back is kept up to twice that.
 */
export class RemoteRoom implements Budget {
  readonly name: string
  readonly #channel: Channel
  readonly #ahead: number
  /** What the keeper has reserved for us and no upload of ours has, in bytes. */
  #free = 0

  /** `maxBytes`: of the whole store. */
  constructor(channel: Channel, name: string, maxBytes: number) {
    this.name = name
    this.#channel = channel
    this.#ahead = blocks(Math.min(MAX_AHEAD, maxBytes * PART_AHEAD))
  }

  reservation(): Reservation {
    return reservationFrom({ take: (bytes) => this.#take(bytes), give: (bytes) => this.#give(bytes) })
  }

  async shrink(bytes: number): Promise<boolean> {
    const { head } = await this.#channel.call('shrink', { head: bytes })
    return head as boolean
  }

  async #take(bytes: number): Promise<void> {
    while (this.#free < bytes) {
      const { head } = await this.#channel.call('reserve', { head: { bytes: bytes - this.#free, ahead: this.#ahead } })
      this.#free += head as number
    }
    this.#free -= bytes
  }

  #give(bytes: number): void {
    this.#free += bytes
    if (this.#free <= 2 * this.#ahead) return
    this.#channel.tell('release', this.#free - this.#ahead)
    this.#free = this.#ahead
  }
}
