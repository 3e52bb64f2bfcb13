import { type Clock, type ErrorCode, GoregoError, systemClock } from '@gorego/core'
import type { Compressor } from '../compression/compressor.js'

export interface AgreedCompressionOptions {
  /** What works here, the best first. */
  readonly compressors: readonly Compressor[]
  /** The numbers of `Compressor.Value` that the other server announces. */
  readonly announced: (signal?: AbortSignal) => Promise<readonly number[]>
  /** Is told what is used from now on; undefined for nothing, and why not. */
  readonly onChange?: (compressor: Compressor | undefined, why: string) => void
  readonly clock?: Clock
}

/** For so long an answer holds: the other server may be replaced by one that can more or less. */
const ASK_AGAIN_MS = 60_000

const SAYS_NOTHING: ReadonlySet<ErrorCode> = new Set(['unimplemented', 'permission-denied'])

/** What blobs are compressed with on their way between two servers: something that both of them have, while they do (CP-04). */
export class AgreedCompression {
  readonly #options: AgreedCompressionOptions
  readonly #clock: Clock
  #agreed: Compressor | undefined
  #askAt = 0
  #told: Compressor | undefined | 'not yet' = 'not yet'

  constructor(options: AgreedCompressionOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Undefined for none. Asks the other server from time to time, and throws what goes wrong then. */
  async current(signal?: AbortSignal): Promise<Compressor | undefined> {
    if (this.#clock.now() < this.#askAt) return this.#agreed
    const known = this.#askAt !== 0
    // Whoever comes meanwhile goes on with the answer before.
    if (known) this.#askAt = this.#clock.now() + ASK_AGAIN_MS
    try {
      const announced = await this.#announced(signal)
      const common = this.#options.compressors.find(({ value }) => announced.includes(value))
      this.#settle(common, common === undefined ? 'it does not offer it' : 'it offers it')
    } catch (error) {
      if (known) this.#askAt = this.#clock.now()
      throw error
    }
    return this.#agreed
  }

  /** The other server did not take, or did not send, what was compressed: without it for a while. */
  refused(error: GoregoError): void {
    this.#settle(undefined, error.message)
  }

  /** A server that cannot say what it can does not compress. */
  async #announced(signal: AbortSignal | undefined): Promise<readonly number[]> {
    try {
      return await this.#options.announced(signal)
    } catch (error) {
      if (error instanceof GoregoError && SAYS_NOTHING.has(error.code)) return []
      throw error
    }
  }

  #settle(compressor: Compressor | undefined, why: string): void {
    this.#agreed = compressor
    this.#askAt = this.#clock.now() + ASK_AGAIN_MS
    if (this.#told === compressor) return
    this.#told = compressor
    this.#options.onChange?.(compressor, why)
  }
}

/** Whether a server says with this that it has no use for a name of something compressed. */
export function isRefusal(error: unknown): error is GoregoError {
  return error instanceof GoregoError && (error.code === 'invalid-argument' || error.code === 'unimplemented')
}
