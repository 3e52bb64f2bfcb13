import { GoregoError } from '@gorego/core'

/** How often it is looked, while somebody waits, whether those who hold bytes get on. */
const LOOK_MS = 30_000

/** Who still waits after so many looks is refused: five minutes. */
const MOST_LOOKS = 10

/** How long a call that is refused is to stay away. */
const RETRY_AFTER_MS = 1000

export interface ByteBudgetOptions {
  /** What all calls together may hold. */
  readonly maxBytes: number
  /** Is told when a call has waited, in milliseconds. */
  readonly onWaited?: ((ms: number) => void) | undefined
  readonly lookMs?: number
}

/** A call that may hold bytes, as the budget sees it. */
export interface Holder {
  /** Ends its call if its client has neither sent nor taken anything for some looks, though it is the client's turn. */
  look(): void
}

/** A place in the queue. */
export interface Place {
  readonly bytes: number
  readonly begin: () => void
  readonly refuse: (error: GoregoError) => void
}

interface Queued {
  readonly since: number
  looks: number
}

/**
 * What the calls of one client may have in memory here together, in one direction. They take bytes before they have them, and
 * give them back. What does not fit waits, first come first served; what is larger than all that there is goes alone.
 *
 * Who is waited for must get on: a call that holds bytes, and whose client does nothing about it for two minutes, is ended for
 * the sake of those of the same client that wait. Nobody looks while nobody waits.
 */
export class ByteBudget {
  readonly #maxBytes: number
  readonly #lookMs: number
  readonly #onWaited: (ms: number) => void
  readonly #holders = new Set<Holder>()
  /** In the order in which they came. */
  readonly #queue = new Map<Place, Queued>()
  #heldBytes = 0
  #looking: NodeJS.Timeout | undefined

  constructor({ maxBytes, onWaited = () => {}, lookMs = LOOK_MS }: ByteBudgetOptions) {
    this.#maxBytes = maxBytes
    this.#onWaited = onWaited
    this.#lookMs = lookMs
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  join(holder: Holder): void {
    this.#holders.add(holder)
  }

  leave(holder: Holder): void {
    this.#holders.delete(holder)
  }

  /** False where they have to wait. */
  take(bytes: number): boolean {
    if (this.#queue.size > 0 || !this.#fits(bytes)) return false
    this.#heldBytes += bytes
    return true
  }

  /** `begin` is called when the bytes are taken, `refuse` when that took too long. */
  enqueue(place: Place): void {
    this.#queue.set(place, { since: performance.now(), looks: 0 })
    this.#looking ??= setInterval(() => this.look(), this.#lookMs).unref()
  }

  /** Its call is over. */
  withdraw(place: Place): void {
    if (this.#queue.delete(place)) this.#advance()
  }

  /** A negative number is for what is there already and turned out to be more than was taken. */
  give(bytes: number): void {
    this.#heldBytes -= bytes
    if (this.#queue.size > 0) this.#advance()
  }

  /** Does for everybody what a look does. */
  look(): void {
    for (const holder of [...this.#holders]) holder.look()
    for (const [place, queued] of [...this.#queue]) {
      if (++queued.looks < MOST_LOOKS || !this.#queue.delete(place)) continue
      const ms = performance.now() - queued.since
      this.#onWaited(ms)
      place.refuse(tooLong(this.#heldBytes, ms))
    }
    this.#advance()
  }

  #advance(): void {
    for (const [place, { since }] of this.#queue) {
      if (!this.#fits(place.bytes)) return
      this.#queue.delete(place)
      this.#heldBytes += place.bytes
      this.#onWaited(performance.now() - since)
      place.begin()
    }
    clearInterval(this.#looking)
    this.#looking = undefined
  }

  #fits(bytes: number): boolean {
    return this.#heldBytes === 0 || this.#heldBytes + bytes <= this.#maxBytes
  }
}

function tooLong(heldBytes: number, ms: number): GoregoError {
  return new GoregoError(
    'resource-exhausted',
    `calls of this client hold ${heldBytes} bytes of what limits.in_flight_mb allows, and there was no room for this one in ${Math.round(ms / 1000)} s; make fewer calls at once`,
    { details: [{ kind: 'retry-after', delayMs: RETRY_AFTER_MS }] },
  )
}
