import { GoregoError } from '@gorego/core'
import type { ByteBudget, Holder, Place } from './byte-budget.js'

/**
 * After so many looks without a sign of its client a call stands still: two minutes. A message of 512 KiB on its way gives no sign
 * before it is gone, and hundreds of them may share a slow line.
 */
const STILL_LOOKS = 4

/** What one call has in memory of what its client sends, or is sent. */
export interface HeldBytes {
  /**
   * To be asked before bytes come, once at a time. Undefined where they may come at once; otherwise resolves in their turn.
   * Rejects with `resource-exhausted` where that takes too long, with `cancelled` when the call is over.
   */
  take(bytes: number): Promise<void> | undefined
  /** What was taken turned out to be so many, more or fewer. */
  settle(taken: number, bytes: number): void
  give(bytes: number): void
  /** Gives back what there is. */
  clear(): void
  /** Whether it is the client's turn: to send what it has begun to, or to take what it is sent. Whenever it has, this is said again. */
  awaitClient(waiting: boolean): void
  /** Nobody wants the rest: waits for nothing any more. What is held is, until it is given back. */
  cancel(): void
  /** Gives back everything, for good. */
  end(): void
}

/** For calls of clients that have no limit. */
export const UNCOUNTED: HeldBytes = {
  take: () => undefined,
  settle() {},
  give() {},
  clear() {},
  awaitClient() {},
  cancel() {},
  end() {},
}

export interface CountedOptions {
  /** Is to end the call; it is asked to when its client does not move and others wait. */
  readonly cutOff: (error: GoregoError) => void
  /** Is told when the call begins to wait for its turn, and when it waits no more. */
  readonly onWaiting?: ((waiting: boolean) => void) | undefined
}

/** Of a client whose calls share a budget. */
export class CountedBytes implements HeldBytes, Holder {
  readonly #budget: ByteBudget
  readonly #cutOff: (error: GoregoError) => void
  readonly #onWaiting: (waiting: boolean) => void
  #bytes = 0
  #place: Place | undefined
  #cancelled = false
  #ended = false
  #awaitsClient = false
  /** Looks since the client has done anything. */
  #stillFor = 0

  constructor(budget: ByteBudget, { cutOff, onWaiting = () => {} }: CountedOptions) {
    this.#budget = budget
    this.#cutOff = cutOff
    this.#onWaiting = onWaiting
    budget.join(this)
  }

  take(bytes: number): Promise<void> | undefined {
    if (this.#cancelled) return Promise.reject(over())
    if (this.#budget.take(bytes)) {
      this.#bytes += bytes
      return undefined
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        this.#leaveQueue()
        this.#bytes += bytes
        resolve()
      }
      const refuse = (error: GoregoError) => {
        this.#leaveQueue()
        reject(error)
      }
      this.#place = { bytes, begin, refuse }
      this.#onWaiting(true)
      this.#budget.enqueue(this.#place)
    })
  }

  settle(taken: number, bytes: number): void {
    this.give(taken - bytes)
  }

  give(bytes: number): void {
    // What has ended has nothing to give.
    if (this.#ended || bytes === 0) return
    this.#bytes -= bytes
    this.#budget.give(bytes)
  }

  clear(): void {
    this.give(this.#bytes)
  }

  awaitClient(waiting: boolean): void {
    this.#awaitsClient = waiting
    this.#stillFor = 0
  }

  cancel(): void {
    this.#cancelled = true
    const place = this.#place
    if (place === undefined) return
    this.#budget.withdraw(place)
    place.refuse(over())
  }

  end(): void {
    if (this.#ended) return
    // First: what it gives back must not be given to itself.
    this.cancel()
    this.clear()
    this.#ended = true
    this.#budget.leave(this)
  }

  #leaveQueue(): void {
    this.#place = undefined
    this.#onWaiting(false)
  }

  look(): void {
    const itsTurn = this.#bytes > 0 && this.#awaitsClient
    this.#stillFor = itsTurn ? this.#stillFor + 1 : 0
    if (this.#stillFor === STILL_LOOKS) this.#cutOff(standsStill(this.#bytes))
  }
}

function over(): GoregoError {
  return new GoregoError('cancelled', 'the call is over')
}

function standsStill(bytes: number): GoregoError {
  return new GoregoError(
    'resource-exhausted',
    `this call has held ${bytes} bytes without its client sending or taking any, while other calls of the client waited for them (limits.in_flight_mb); go on from where it stopped`,
  )
}
