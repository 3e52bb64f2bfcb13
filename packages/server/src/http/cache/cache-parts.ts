import type { ActionCache, DigestFunctionSet, LocalStore } from '@gorego/core'
import type { Config } from '../../config/config.js'
import type { ServingMetrics } from '../../metrics/serving-metrics.js'
import { createInstanceCheck } from '../../wire/instance-name.js'
import type { CacheRoutesOptions } from './cache-routes.js'

export interface CachePartsOptions {
  readonly store: LocalStore
  readonly functions: DigestFunctionSet
  readonly actionCache: ActionCache
  readonly metrics: ServingMetrics
}

/** What the cache over HTTP stands on: what gRPC does, counted as there. */
export function cacheParts(
  config: Config,
  { store, functions, actionCache, metrics }: CachePartsOptions,
): CacheRoutesOptions {
  return {
    checkInstance: createInstanceCheck(config.instanceNames),
    functions,
    cas: metrics.store(store),
    byHash: store,
    actionCache: metrics.results(actionCache),
    maxBlobBytes: store.usage.maxBytes,
    updates: config.actionCache.updates,
  }
}
