import { GoregoError } from '../errors/index.js'
import { type Clock, systemClock } from '../observe/index.js'

/** When to stop asking the other side, and for how long. */
export interface CircuitBreakerOptions {
  /** What a person calls the other side. */
  readonly name: string
  /** So many failures without a success in between open it. Default 5. */
  readonly failures?: number
  /** For so long it stays open, in milliseconds; twice as long after each trial that fails, up to `longestMs`. Default 1 s and 30 s. */
  readonly firstMs?: number
  readonly longestMs?: number
  readonly clock?: Clock
  /** From 0 to 1: delays vary, so that many servers do not come back at one moment. */
  readonly random?: () => number
  /** Is told when it opens (with the failure that did it) and when it closes. */
  readonly onChange?: (open: boolean, why?: GoregoError) => void
}

/** A call that was let through. It says how it ended, once. */
export interface LetThrough {
  succeeded(): void
  failed(why: GoregoError): void
  /** It was given up by its caller, or its end says nothing of the other side. */
  left(): void
}

/**
 * Keeps calls from somebody who does not answer. Closed, it lets all through; open, none, which costs callers nothing but an
 * error; after a while one is let through to try, and what comes of it decides.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions
  readonly #clock: Clock
  readonly #firstMs: number
  readonly #longestMs: number
  #failures = 0
  #last: GoregoError | undefined
  #open = false
  /** The call that was let through to try. */
  #trial: LetThrough | undefined
  #delayMs: number
  #retryAt = 0

  constructor(options: CircuitBreakerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#firstMs = options.firstMs ?? 1_000
    this.#longestMs = options.longestMs ?? 30_000
    this.#delayMs = this.#firstMs
  }

  get open(): boolean {
    return this.#open
  }

  /** Milliseconds until a call may be let through; 0 while it is closed. */
  get retryInMs(): number {
    return this.#open ? Math.max(0, this.#retryAt - this.#clock.now()) : 0
  }

  /** Before each call. Throws `unavailable` if it is not to be made. */
  enter(): LetThrough {
    const call: LetThrough = {
      succeeded: () => this.#succeeded(),
      failed: (why) => this.#failed(call, why),
      left: () => this.#endTrial(call),
    }
    if (!this.#open) return call
    const waitMs = this.#trial === undefined ? this.retryInMs : this.#firstMs
    if (waitMs > 0) {
      throw new GoregoError('unavailable', `${this.#options.name} does not answer, and is left alone for a moment`, {
        details: [{ kind: 'retry-after', delayMs: Math.ceil(waitMs) }],
      })
    }
    this.#trial = call
    return call
  }

  /** Opens it for what is known already, without a call. */
  trip(why: GoregoError): void {
    if (this.#open) return
    this.#open = true
    this.#startWaiting()
    this.#options.onChange?.(true, why)
  }

  /** Whichever call it was: the other side answers. */
  #succeeded(): void {
    this.#failures = 0
    this.#trial = undefined
    if (!this.#open) return
    this.#open = false
    this.#delayMs = this.#firstMs
    this.#options.onChange?.(false)
  }

  #failed(call: LetThrough, why: GoregoError): void {
    if (this.#open) {
      // Others that had begun before it opened say nothing new.
      if (!this.#endTrial(call)) return
      this.#delayMs = Math.min(2 * this.#delayMs, this.#longestMs)
      this.#startWaiting()
      return
    }
    // A call that several share fails once, though each of them says so.
    if (why === this.#last) return
    this.#last = why
    if (++this.#failures >= (this.#options.failures ?? 5)) this.trip(why)
  }

  /** Whether that call was the trial. */
  #endTrial(call: LetThrough): boolean {
    if (this.#trial !== call) return false
    this.#trial = undefined
    return true
  }

  #startWaiting(): void {
    const random = this.#options.random ?? Math.random
    this.#retryAt = this.#clock.now() + this.#delayMs * (0.75 + random() / 2)
  }
}
