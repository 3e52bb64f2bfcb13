import {
  type ActionCache,
  type BackingCache,
  type ContentAddressableStorage,
  type LocalActionCache,
  onlyIfBehind,
  ProxyStore,
  proxyActionCache,
  withCompleteness,
} from '@gorego/core'

export interface LocalCaches {
  readonly store: ContentAddressableStorage
  readonly results: LocalActionCache
  /** Undefined where there is no other server behind them. */
  readonly backing: BackingCache | undefined
  /** Whether clients are told that a blob is there only when it is there behind as well. */
  readonly required: boolean
}

/** What clients are served from: the local caches, and behind them another server's. */
export function composeCaches({ store, results, backing, required }: LocalCaches): {
  readonly cas: ContentAddressableStorage
  readonly actionCache: ActionCache
} {
  if (backing === undefined) return { cas: store, actionCache: withCompleteness(results, store) }
  const proxy = new ProxyStore(store, backing)
  // A result is complete wherever its blobs are: what was made here is served while the other server is away.
  const actionCache = proxyActionCache(results, backing, proxy)
  return { cas: required ? onlyIfBehind(proxy, store, backing) : proxy, actionCache }
}
