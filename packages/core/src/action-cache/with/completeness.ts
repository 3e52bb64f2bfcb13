import type { ContentAddressableStorage } from '../../cas/index.js'
import { GoregoError } from '../../errors/index.js'
import type { ActionCache } from '../action-cache.js'
import { referencedBlobs } from '../referenced-blobs.js'

/**
 * Hands out only results of which every blob is still there (AC-02), and extends the life of those blobs while at it
 * (AC-03): a client that builds without the bytes trusts the answer for hours. A result with a missing blob, or one that
 * cannot be read, is a miss; running the action again replaces it.
 */
export function withCompleteness(base: ActionCache, cas: ContentAddressableStorage): ActionCache {
  return {
    async get(key, signal) {
      const result = await base.get(key, signal)
      if (result === undefined) return undefined
      try {
        const blobs = await referencedBlobs(key.action.fn, result, cas, signal)
        if (blobs === undefined) return undefined
        return (await cas.findMissing(blobs, signal)).length === 0 ? result : undefined
      } catch (error) {
        if (isMiss(error)) return undefined
        throw error
      }
    },
    put: (key, result, signal) => base.put(key, result, signal),
  }
}

/** Evicted between two looks, or bytes that are no result, Tree or Directory. */
function isMiss(error: unknown): boolean {
  return error instanceof GoregoError && (error.code === 'not-found' || error.code === 'invalid-argument')
}
