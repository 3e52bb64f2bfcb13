import { type ActionCache, withCompleteness } from '../action-cache/index.js'
import type { ContentAddressableStorage } from '../cas/index.js'
import type { BackingCache } from './backing-cache.js'
import { onlyIfBehind } from './only-if-behind.js'
import { proxyActionCache } from './proxy-action-cache.js'
import { ProxyStore } from './proxy-store.js'

/** The caches of this machine, and what is behind them. */
export interface Tiers {
  readonly store: ContentAddressableStorage
  readonly results: ActionCache
  /** Undefined where there is nothing behind them. */
  readonly backing: BackingCache | undefined
  /** Whether a blob counts as there only when it is there behind as well. */
  readonly required: boolean
}

/** What is served from: the local caches, and behind them another server's. A server and an executor have it from here alike. */
export function composeCaches({ store, results, backing, required }: Tiers): {
  readonly cas: ContentAddressableStorage
  readonly actionCache: ActionCache
} {
  if (backing === undefined) return { cas: store, actionCache: withCompleteness(results, store) }
  const proxy = new ProxyStore(store, backing)
  // A result is complete wherever its blobs are: what was made here is served while the other server is away.
  const actionCache = proxyActionCache(results, backing, proxy)
  return { cas: required ? onlyIfBehind(proxy, store, backing) : proxy, actionCache }
}
