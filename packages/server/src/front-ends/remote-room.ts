import { type Budget, blocks, type Reservation, reservationFrom } from '@gorego/core'
import type { Channel } from './channel.js'

/** What is taken ahead at most, in bytes: small blobs then find room without asking for it. */
const MAX_AHEAD = 1024 * 1024

/** No more of the whole store than this is taken ahead: what nobody uses counts as used. */
const PART_AHEAD = 1 / 1024

/**
 * Room in the budget of the keeper. This process has one reservation there, from which its uploads take; what is asked
 * for is a little more than what is needed. What an upload gives back is not used again: most of it is counted as a blob by
 * then, and who has that room twice would never make room for the next. The keeper is told of it in sums, and
 * before it is asked for more.
 */
export class RemoteRoom implements Budget {
  readonly name: string
  readonly #channel: Channel
  readonly #ahead: number
  /** What the keeper has reserved for us and no upload of ours has, in bytes. */
  #free = 0
  /** What was given back and the keeper still has as reserved, in bytes. */
  #spent = 0

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
      this.#release()
      const { head } = await this.#channel.call('reserve', { head: { bytes: bytes - this.#free, ahead: this.#ahead } })
      this.#free += head as number
    }
    this.#free -= bytes
  }

  #give(bytes: number): void {
    this.#spent += bytes
    if (this.#spent >= this.#ahead) this.#release()
  }

  #release(): void {
    if (this.#spent === 0) return
    this.#channel.tell('release', this.#spent)
    this.#spent = 0
  }
}
