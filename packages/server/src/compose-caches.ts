import {
  type ActionCache,
  type BackingCache,
  type ContentAddressableStorage,
  type LocalActionCache,
  ProxyStore,
  proxyActionCache,
  withCompleteness,
} from '@gorego/core'

export interface LocalCaches<Store extends ContentAddressableStorage> {
  readonly store: Store
  readonly results: LocalActionCache
  /** Undefined where there is no other server behind them. */
  readonly backing: BackingCache | undefined
}

/** What clients are served from: the local caches, and behind them another server's. */
export function composeCaches<Store extends ContentAddressableStorage>({
  store,
  results,
  backing,
}: LocalCaches<Store>): { readonly cas: Store | ProxyStore; readonly actionCache: ActionCache } {
  if (backing === undefined) return { cas: store, actionCache: withCompleteness(results, store) }
  const cas = new ProxyStore(store, backing)
  return { cas, actionCache: proxyActionCache(results, backing, cas) }
}
