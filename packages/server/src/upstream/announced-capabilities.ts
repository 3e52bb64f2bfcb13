import { type Clock, type ErrorCode, GoregoError, reapi, systemClock } from '@gorego/core'
import type { Caller } from './caller.js'
import { getCapabilities } from './get-capabilities.js'

export interface AnnouncedCapabilitiesOptions {
  readonly ask: (signal: AbortSignal) => Promise<reapi.ServerCapabilities>
  /** What it has said just now, where somebody has asked already. */
  readonly said?: reapi.ServerCapabilities | undefined
  readonly clock?: Clock
}

/** For so long an answer holds: the other server may be replaced by one that can more or less. */
const ASK_AGAIN_MS = 60_000

/** For so long an answer is waited for, whoever wants it. */
const PATIENCE_MS = 10_000

/** Of a server that says so nothing is known, and nothing more will be said. */
const SAYS_NOTHING: ReadonlySet<ErrorCode> = new Set(['unimplemented', 'permission-denied'])

/** What another server says that its cache can do: asked by who first wants to know, for all who want to know, and then once a minute. */
export class AnnouncedCapabilities {
  readonly #options: AnnouncedCapabilitiesOptions
  readonly #clock: Clock
  #known: reapi.CacheCapabilities | undefined
  #askAt = 0
  #asking: Promise<reapi.CacheCapabilities> | undefined

  constructor(options: AnnouncedCapabilitiesOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    if (options.said !== undefined) this.#note(options.said)
  }

  /** Of a server's instance. */
  static of(caller: Caller, instance: string, said?: reapi.ServerCapabilities): AnnouncedCapabilities {
    return new AnnouncedCapabilities({ ask: (signal) => getCapabilities(caller, instance, signal), said })
  }

  /** An empty message for a server that says nothing. Throws what goes wrong while nothing is known yet, and `signal.reason` once that is aborted. */
  async current(signal?: AbortSignal): Promise<reapi.CacheCapabilities> {
    signal?.throwIfAborted()
    if (this.#clock.now() >= this.#askAt) this.#asking ??= this.#ask()
    // Who knows something goes on with it: what is asked then is for those who come later.
    if (this.#known !== undefined) return this.#known
    return await untilAborted(this.#asking ?? this.#ask(), signal)
  }

  async #ask(): Promise<reapi.CacheCapabilities> {
    try {
      return this.#note(await this.#askOnce())
    } catch (error) {
      if (this.#known === undefined) throw error
      return this.#known
    } finally {
      this.#asking = undefined
    }
  }

  #note(said: reapi.ServerCapabilities): reapi.CacheCapabilities {
    this.#known = said.getCacheCapabilities() ?? new reapi.CacheCapabilities()
    this.#askAt = this.#clock.now() + ASK_AGAIN_MS
    return this.#known
  }

  async #askOnce(): Promise<reapi.ServerCapabilities> {
    try {
      return await this.#options.ask(AbortSignal.timeout(PATIENCE_MS))
    } catch (error) {
      if (!(error instanceof GoregoError)) throw new GoregoError('deadline-exceeded', 'it does not say what it can do')
      if (SAYS_NOTHING.has(error.code)) return new reapi.ServerCapabilities()
      throw error
    }
  }
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work
  let leave = () => {}
  try {
    return await new Promise<T>((resolve, reject) => {
      leave = () => reject(signal.reason)
      signal.addEventListener('abort', leave, { once: true })
      work.then(resolve, reject)
    })
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
