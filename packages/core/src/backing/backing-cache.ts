import type { ActionKey } from '../action-cache/index.js'
import type { Digest } from '../digest/index.js'

/**
 * Another cache behind the local store, as seen by whoever reads and writes the local one. Contents never pass through here:
 * they are in the local store before (`stored`) or afterwards (`fetch`), so that another process can have this.
 */
export interface BackingCache {
  /** Those of the digests that it does not have, each once, in the order asked; the others can be fetched for a while. */
  findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]>

  /** Brings blobs into the local store. Returns those that could not be had. */
  fetch(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]>

  /** These are in the local store now, and are to be there as well: before this resolves where that is `required`, or some time. */
  stored(digests: readonly Digest[], signal?: AbortSignal): Promise<void>

  /** A result as it is there; whether its blobs are is for the caller to see. */
  getResult(key: ActionKey, signal?: AbortSignal): Promise<Uint8Array | undefined>

  /** The result is in the local action cache now, and is to be there as well, behind every blob that it refers to. */
  resultStored(key: ActionKey, signal?: AbortSignal): Promise<void>
}
