import { ByteBudget } from './byte-budget.js'
import { CountedBytes, type CountedOptions, type HeldBytes, UNCOUNTED } from './held-bytes.js'

/** From clients, and to them. */
export type Direction = 'up' | 'down'

/** What one call has in memory. */
export interface CallBytes {
  readonly up: HeldBytes
  readonly down: HeldBytes
  /** Nobody wants the rest: the call waits for nothing any more. */
  cancel(): void
  /** Gives back everything, for good. */
  end(): void
}

/** Of calls that nobody counts. */
export const UNCOUNTED_CALL: CallBytes = { up: UNCOUNTED, down: UNCOUNTED, cancel() {}, end() {} }

export interface InFlightOptions {
  /** What the calls of one client may have in memory, in each direction. */
  readonly maxBytes: number
  /** Is told when a call has waited for others of its client, in milliseconds. */
  readonly onWaited?: ((direction: Direction, ms: number) => void) | undefined
  /** See `ByteBudget`. */
  readonly lookMs?: number
}

interface Account {
  readonly up: ByteBudget
  readonly down: ByteBudget
  calls: number
}

/**
 * Bytes of blobs that a process has in memory for each client: taken from it and not stored yet, read and not taken by it yet.
 * Each direction has a budget of its own, so that a client that does not take what it asked for can still send.
 */
export class InFlight {
  readonly #options: InFlightOptions
  readonly #accounts = new Map<string, Account>()

  constructor(options: InFlightOptions) {
    this.#options = options
  }

  /** For one call of a client. */
  begin(client: string, options: CountedOptions): CallBytes {
    const account = this.#accountOf(client)
    account.calls++
    const up = new CountedBytes(account.up, options)
    const down = new CountedBytes(account.down, options)
    let over = false
    const end = () => {
      if (over) return
      over = true
      up.end()
      down.end()
      if (--account.calls === 0) this.#accounts.delete(client)
    }
    const cancel = () => {
      up.cancel()
      down.cancel()
    }
    return { up, down, cancel, end }
  }

  /** Of all clients. */
  heldBytes(direction: Direction): number {
    let bytes = 0
    for (const account of this.#accounts.values()) bytes += account[direction].heldBytes
    return bytes
  }

  #accountOf(client: string): Account {
    const known = this.#accounts.get(client)
    if (known !== undefined) return known
    const account = { up: this.#budget('up'), down: this.#budget('down'), calls: 0 }
    this.#accounts.set(client, account)
    return account
  }

  #budget(direction: Direction): ByteBudget {
    const { onWaited, ...options } = this.#options
    return new ByteBudget({ ...options, onWaited: (ms) => onWaited?.(direction, ms) })
  }
}
