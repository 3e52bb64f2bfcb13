import type { BackingCache } from './backing-cache.js'

/** A cache that is read, and never told of what is stored here. */
export function readOnly(base: BackingCache): BackingCache {
  return {
    findMissing: (digests, signal) => base.findMissing(digests, signal),
    fetch: (digests, signal) => base.fetch(digests, signal),
    async stored() {},
    getResult: (key, signal) => base.getResult(key, signal),
    async resultStored() {},
  }
}
