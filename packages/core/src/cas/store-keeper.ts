import type { Digest } from '../digest/index.js'
import type { Budget } from '../disk/index.js'

/**
 * The process that keeps a store's books (which blobs there are, when each was used last, how much room is left), as seen by
 * others that read and write the files themselves.
 */
export interface StoreKeeper {
  /**
   * Those of the digests that are absent, each once, in the order asked. The others count as used from now on; so do blobs of
   * which it hears for the first time and that lie where they belong.
   */
  findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]>

  /** Somebody did not find these: those that are indeed not there, or not whole, are absent from then on. */
  lookAgain(digests: readonly Digest[]): Promise<void>

  /** Room for what is written. Uploads that broke off, whoever keeps them, are given up before it is refused. */
  readonly room: Budget
}
