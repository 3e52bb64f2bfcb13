import { join } from 'node:path'
import type { ActionCache, LocalStore, Logger, UpstreamCache } from '@gorego/core'
import type { Config } from '../config/config.js'
import type { ServingMetrics } from '../metrics/serving-metrics.js'
import { openBackingIdentity } from './backing-identity.js'
import { Channel } from './channel.js'
import { openUpstream } from './open-upstream.js'

export interface BackingCacheParts {
  readonly store: LocalStore
  readonly results: ActionCache
  /** Counts what is asked there; absent where nobody reads that. */
  readonly metrics: ServingMetrics | undefined
  readonly logger: Logger
}

/** The cache of another server behind this one's, and what ends it. */
export interface OpenedBackingCache {
  readonly target: string
  readonly cache: UpstreamCache
  close(boundMs: number): Promise<void>
}

/** The cache that the configuration names; undefined if it names none. The other server need not be there. */
export async function openBackingCache(
  { backingCache }: Config,
  { store, results, metrics, logger }: BackingCacheParts,
): Promise<OpenedBackingCache | undefined> {
  const { target, instanceName: instance, required, compression, putRetryCount, timeout } = backingCache
  if (target === undefined) return undefined
  const shown = await openBackingIdentity(backingCache, logger)
  let channel: Channel | undefined
  const end = () => {
    channel?.[Symbol.dispose]()
    shown[Symbol.dispose]()
  }
  try {
    channel = Channel.open(target, shown.identity)
    const calls = { retries: putRetryCount, silenceMs: timeout * 1000 }
    const watch = metrics?.ofBacking()
    const { cache, close } = await openUpstream(
      channel,
      { target, instance, required, compression, ...calls },
      {
        store,
        results,
        journals: join(store.layout.root, 'backing-cache'),
        watchStore: metrics && ((blobs) => metrics.store(blobs, 'backing')),
        watchResults: metrics && ((remote) => metrics.results(remote, 'backing')),
        watch,
        logger,
      },
    )
    watch?.follow(cache)
    return {
      target,
      cache,
      async close(boundMs) {
        try {
          await close(boundMs)
        } finally {
          end()
        }
      },
    }
  } catch (error) {
    end()
    throw error
  }
}
