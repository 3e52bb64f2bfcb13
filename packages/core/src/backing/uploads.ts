import { type ActionCache, type ActionKey, actionBlobs, referencedBlobs } from '../action-cache/index.js'
import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { Flights } from './flights.js'
import type { Guard } from './guard.js'
import type { Job } from './job.js'

export interface UploadsOptions {
  readonly local: ContentAddressableStorage
  readonly localResults: ActionCache
  readonly remote: ContentAddressableStorage
  readonly remoteResults: ActionCache
  readonly guard: Guard
  /** Those that the remote store lacks. */
  readonly findMissing: (digests: readonly Digest[], signal: AbortSignal) => Promise<readonly Digest[]>
  /** The remote store has it from now on. */
  readonly onStored: (digest: Digest) => void
}

/** Blobs of one result that go at a time. */
const AT_ONCE = 8

/** Copies blobs and results from here to the remote side, unless it has them. */
export class Uploads {
  readonly #options: UploadsOptions
  readonly #flights = new Flights<boolean>()

  constructor(options: UploadsOptions) {
    this.#options = options
  }

  /** Resolves as well where the blob or result is not here any more: then there is nothing to copy. */
  async perform(job: Job, signal: AbortSignal): Promise<void> {
    if (job.kind === 'result') await this.#result(job.key, signal)
    else await this.#missing([job.digest], signal)
  }

  /**
   * A result goes behind every blob that it refers to (EX-24): outputs of actions here go with it. So do its Action and Command, if
   * they are here: servers may insist on them, and can say of a result what it is of.
   */
  async #result(key: ActionKey, signal: AbortSignal): Promise<void> {
    const { local, localResults, remoteResults, guard } = this.#options
    const result = await localResults.get(key, signal)
    if (result === undefined) return
    const blobs = await referencedBlobs(key.action.fn, result, local, signal)
    if (blobs === undefined) return
    const about = await actionBlobs(key.action, local, signal)
    if (!(await this.#missing([...about, ...blobs], signal))) return
    await guard.call(async (attempt) => await remoteResults.put(key, result, attempt.signal), signal)
  }

  /** Copies those that are missing there; false where one of them is not here either. */
  async #missing(digests: readonly Digest[], signal: AbortSignal): Promise<boolean> {
    const missing = await this.#options.findMissing(digests, signal)
    let all = true
    const queue = missing.values()
    const lane = async () => {
      for (const digest of queue) if (!(await this.#blob(digest, signal))) all = false
    }
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, missing.length) }, lane))
    return all
  }

  #blob(digest: Digest, signal: AbortSignal): Promise<boolean> {
    const { guard, onStored } = this.#options
    const start = async (abandoned: AbortSignal) => {
      const fault = await guard.call(({ signal, alive }) => this.#copy(digest, signal, alive), abandoned)
      if (fault === undefined) onStored(digest)
      else if (fault.code !== 'not-found') throw fault
      return fault === undefined
    }
    return this.#flights.join(digest.key, start, signal)
  }

  /** Throws what the remote store throws, and returns what goes wrong here. */
  async #copy(digest: Digest, signal: AbortSignal, alive: () => void): Promise<GoregoError | undefined> {
    const { local, remote } = this.#options
    let ours: unknown
    async function* content(): AsyncGenerator<Uint8Array> {
      const chunks = local.read(digest, {}, signal)[Symbol.asyncIterator]()
      try {
        for (;;) {
          const { value, done } = await chunks.next().catch((error) => {
            ours = error
            throw error
          })
          if (done) return
          alive()
          yield value
        }
      } finally {
        await chunks.return?.()
      }
    }
    try {
      await remote.write(digest, content(), signal)
      return undefined
    } catch (error) {
      if (ours === undefined || signal.aborted) throw error
      return GoregoError.from(ours)
    }
  }
}
