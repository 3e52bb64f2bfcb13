import { type ErrorCode, GoregoError } from '../errors/index.js'
import { type Clock, wakefulClock } from '../observe/index.js'
import type { CircuitBreaker } from './circuit-breaker.js'

/** How calls of the other side are guarded. */
export interface GuardOptions {
  readonly breaker: CircuitBreaker
  /** How often a call is made again that failed in a way that may pass. */
  readonly retries: number
  /** For so long a call may show no sign of life, in milliseconds. */
  readonly silenceMs: number
  /** Is told when a call is made again, and why. */
  readonly onRetry?: (why: GoregoError) => void
  readonly clock?: Clock
  /** From 0 to 1. */
  readonly random?: () => number
}

/** One try of a call. */
export interface Attempt {
  /** Aborted when the caller gives up, and when the other side has been silent for too long. */
  readonly signal: AbortSignal
  /** To be called whenever something came or went. */
  alive(): void
}

/** What may be over when it is tried again; everything else is an answer. */
const RETRIED: ReadonlySet<ErrorCode> = new Set(['unavailable', 'resource-exhausted', 'aborted'])

/** What says that the other side is not in order. */
const OUTAGES: ReadonlySet<ErrorCode> = new Set(['unavailable', 'deadline-exceeded', 'internal'])

/** Alive, and too busy. */
const BUSY: ReadonlySet<ErrorCode> = new Set(['resource-exhausted', 'aborted'])

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

/**
 * Makes calls to another server: not while it is known not to answer, no longer than it shows signs of life, and again where
 * that may help, after pauses of random length that double. Whatever `work` throws is taken for the other side's doing:
 * failures of one's own are to be returned.
 */
export class Guard {
  readonly breaker: CircuitBreaker
  readonly #options: GuardOptions
  readonly #clock: Clock

  constructor(options: GuardOptions) {
    this.breaker = options.breaker
    this.#options = options
    this.#clock = options.clock ?? wakefulClock
  }

  async call<T>(work: (attempt: Attempt) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { breaker } = this
    for (let tries = 0; ; tries++) {
      signal?.throwIfAborted()
      const call = breaker.enter()
      try {
        const answer = await this.#attempt(work, signal)
        call.succeeded()
        return answer
      } catch (thrown) {
        if (signal?.aborted) {
          call.left()
          throw signal.reason
        }
        const error = GoregoError.from(thrown)
        if (OUTAGES.has(error.code)) call.failed(error)
        else if (BUSY.has(error.code)) call.left()
        else call.succeeded()
        if (!RETRIED.has(error.code) || tries >= this.#options.retries || breaker.open) throw error
        this.#options.onRetry?.(error)
        await this.#pause(pauseMs(tries, error, this.#options.random ?? Math.random), signal)
      }
    }
  }

  async #attempt<T>(work: (attempt: Attempt) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { silenceMs } = this.#options
    const abort = new AbortController()
    const giveUp = () => abort.abort(signal?.reason)
    signal?.addEventListener('abort', giveUp, { once: true })
    let lastSign = this.#clock.now()
    const look = () => {
      const restMs = lastSign + silenceMs - this.#clock.now()
      if (restMs > 0) timer = this.#clock.after(restMs, look)
      else abort.abort(new GoregoError('deadline-exceeded', `no answer in ${silenceMs / 1000} s`))
    }
    let timer = this.#clock.after(silenceMs, look)
    const alive = () => {
      lastSign = this.#clock.now()
    }
    try {
      return await work({ signal: abort.signal, alive })
    } finally {
      timer[Symbol.dispose]()
      signal?.removeEventListener('abort', giveUp)
    }
  }

  #pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        timer[Symbol.dispose]()
        reject(signal?.reason)
      }
      const timer = this.#clock.after(ms, () => {
        signal?.removeEventListener('abort', giveUp)
        resolve()
      })
      signal?.addEventListener('abort', giveUp, { once: true })
    })
  }
}

/** The other side may say itself when to come back (GEN-02), within reason. */
function pauseMs(tries: number, { details }: GoregoError, random: () => number): number {
  const asked = details.find((detail) => detail.kind === 'retry-after')?.delayMs ?? 0
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries)
  return Math.max(Math.min(asked, LONGEST_PAUSE_MS), longest * random())
}
