import type { ActionCache, ContentAddressableStorage, DigestFunctionSet, LocalStore } from '@gorego/core'
import type { Config } from '../../config/config.js'
import type { ServingMetrics } from '../../metrics/serving-metrics.js'
import { createInstanceCheck } from '../../wire/instance-name.js'
import type { CacheRoutesOptions } from './cache-routes.js'

export interface CachePartsOptions {
  readonly store: LocalStore
  /** The store, and what is behind it. */
  readonly cas: ContentAddressableStorage
  readonly functions: DigestFunctionSet
  readonly actionCache: ActionCache
  readonly metrics: ServingMetrics
}

/** What the cache over HTTP stands on: what gRPC does, counted as there. */
export function cacheParts(
  config: Config,
  { store, cas, functions, actionCache, metrics }: CachePartsOptions,
): CacheRoutesOptions {
  return {
    checkInstance: createInstanceCheck(config.instanceNames),
    functions,
    cas: metrics.store(cas),
    byHash: store,
    actionCache: metrics.results(actionCache),
    maxBlobBytes: store.usage.maxBytes,
    updates: config.actionCache.updates,
  }
}
