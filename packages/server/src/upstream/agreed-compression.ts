import { type Clock, GoregoError, systemClock } from '@gorego/core'
import type { Compressor } from '../compression/compressor.js'
import type { AnnouncedCapabilities } from './announced-capabilities.js'

export interface AgreedCompressionOptions {
  /** What works here, the best first. */
  readonly compressors: readonly Compressor[]
  /** What the other server says that it can. */
  readonly capabilities: Pick<AnnouncedCapabilities, 'current'>
  /** Is told what is used from now on; undefined for nothing, and why not. */
  readonly onChange?: (compressor: Compressor | undefined, why: string) => void
  readonly clock?: Clock
}

/** For so long what the other server refused is not tried again: it may be replaced by one that can more. */
const TRY_AGAIN_MS = 60_000

/** What blobs are compressed with on their way between two servers: something that both of them have, while they do (CP-04). */
export class AgreedCompression {
  readonly #options: AgreedCompressionOptions
  readonly #clock: Clock
  #refusedUntil = Number.NEGATIVE_INFINITY
  #told: Compressor | undefined | 'not yet' = 'not yet'

  constructor(options: AgreedCompressionOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Undefined for none. Throws what goes wrong when the other server is asked for the first time. */
  async current(signal?: AbortSignal): Promise<Compressor | undefined> {
    const { compressors, capabilities } = this.#options
    if (this.#isRefused) return undefined
    const announced = (await capabilities.current(signal)).getSupportedCompressorsList() as readonly number[]
    if (this.#isRefused) return undefined
    const common = compressors.find(({ value }) => announced.includes(value))
    this.#tell(common, common === undefined ? 'it does not offer it' : 'it offers it')
    return common
  }

  /** The other server did not take, or did not send, what was compressed: without it for a while. */
  refused(error: GoregoError): void {
    this.#refusedUntil = this.#clock.now() + TRY_AGAIN_MS
    this.#tell(undefined, error.message)
  }

  get #isRefused(): boolean {
    return this.#clock.now() < this.#refusedUntil
  }

  #tell(compressor: Compressor | undefined, why: string): void {
    if (this.#told === compressor) return
    this.#told = compressor
    this.#options.onChange?.(compressor, why)
  }
}

/** Whether a server says with this that it has no use for a name of something compressed. */
export function isRefusal(error: unknown): error is GoregoError {
  return error instanceof GoregoError && (error.code === 'invalid-argument' || error.code === 'unimplemented')
}
