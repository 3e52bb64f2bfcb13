import { type ActionCache, withCompleteness } from '../action-cache/index.js'
import type { ContentAddressableStorage } from '../cas/index.js'
import type { BackingCache } from './backing-cache.js'

/**
 * Results of the local action cache, and those of the cache behind it that are not here, or not completely. Both are handed
 * out only when each of their blobs is in one of the two (AC-02): `cas` is the `ProxyStore` over both.
 */
export function proxyActionCache(
  local: ActionCache,
  backing: BackingCache,
  cas: ContentAddressableStorage,
): ActionCache {
  const complete = withCompleteness(local, cas)
  const behind: ActionCache = {
    get: (key, signal) => backing.getResult(key, signal),
    put: (key, result, signal) => local.put(key, result, signal),
  }
  const completeBehind = withCompleteness(behind, cas)
  return {
    async get(key, signal) {
      const result = await complete.get(key, signal)
      if (result !== undefined) return result
      const found = await completeBehind.get(key, signal)
      // It came from there: it need not go there again.
      if (found !== undefined) await behind.put(key, found, signal)
      return found
    },
    async put(key, result, signal) {
      await local.put(key, result, signal)
      await backing.resultStored(key, signal)
    },
  }
}
