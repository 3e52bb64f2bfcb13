import { type ContentAddressableStorage, CorruptBlobError } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import type { Logger } from '../observe/index.js'
import { Flights } from './flights.js'
import type { Guard } from './guard.js'
import { Places } from './places.js'

export interface DownloadsOptions {
  readonly local: ContentAddressableStorage
  readonly remote: ContentAddressableStorage
  readonly guard: Guard
  readonly logger: Logger
}

/** So many blobs come at a time. */
const AT_ONCE = 32

/** What became of fetching one blob: it is in the local store, it is not to be had, or the local store does not take it. */
export type Fetched = 'local' | 'absent' | GoregoError

/** Brings blobs from the remote store into the local one, each once however many want it. */
export class Downloads {
  readonly #options: DownloadsOptions
  readonly #flights = new Flights<Fetched>()
  readonly #places = new Places(AT_ONCE)

  constructor(options: DownloadsOptions) {
    this.#options = options
  }

  /** Throws what goes wrong there. A blob that is not what its digest says is not to be had. */
  fetch(digest: Digest, signal?: AbortSignal): Promise<Fetched> {
    return this.#flights.join(digest.key, (abandoned) => this.#places.in(() => this.#fetch(digest, abandoned)), signal)
  }

  async #fetch(digest: Digest, signal: AbortSignal): Promise<Fetched> {
    signal.throwIfAborted()
    const { local, guard, logger } = this.#options
    if ((await local.findMissing([digest], signal)).length === 0) return 'local'
    let fault: GoregoError | undefined
    try {
      fault = await guard.call((attempt) => this.#copy(digest, attempt.signal, attempt.alive), signal)
    } catch (error) {
      if (error instanceof GoregoError && error.code === 'not-found') return 'absent'
      throw error
    }
    if (fault === undefined) return 'local'
    if (fault.code !== 'invalid-argument' && !(fault instanceof CorruptBlobError)) return fault
    logger.error('the backing cache sent something else than the blob that it was asked for', {
      blob: String(digest),
      why: fault.message,
    })
    return 'absent'
  }

  /** Throws what the remote store throws, and returns what goes wrong here; content that the digest does not fit, or that is none, is that. */
  async #copy(digest: Digest, signal: AbortSignal, alive: () => void): Promise<GoregoError | undefined> {
    const { local, remote } = this.#options
    let theirs = false
    async function* content(): AsyncGenerator<Uint8Array> {
      try {
        for await (const chunk of remote.read(digest, {}, signal)) {
          alive()
          yield chunk
          // However long it took here.
          alive()
        }
      } catch (error) {
        theirs = !(error instanceof CorruptBlobError)
        throw error
      }
    }
    try {
      await local.write(digest, content(), signal)
      return undefined
    } catch (error) {
      if (theirs || signal.aborted) throw error
      return GoregoError.from(error)
    }
  }
}
