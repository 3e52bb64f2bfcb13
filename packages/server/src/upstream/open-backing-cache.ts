import { join } from 'node:path'
import { type ActionCache, CircuitBreaker, Guard, type LocalStore, type Logger, UpstreamCache } from '@gorego/core'
import type { Config } from '../config/config.js'
import type { ServingMetrics } from '../metrics/serving-metrics.js'
import { agreeOnCompression } from './agree-on-compression.js'
import { openBackingIdentity } from './backing-identity.js'
import { Channel } from './channel.js'
import { RemoteActionCache } from './remote-action-cache.js'
import { RemoteStore } from './remote-store.js'

export interface BackingCacheParts {
  readonly store: LocalStore
  readonly results: ActionCache
  /** Counts what is asked there; absent where nobody reads that. */
  readonly metrics: ServingMetrics | undefined
  readonly logger: Logger
}

/** The cache of another server behind this one's, and what ends it. */
export interface OpenedBackingCache {
  readonly cache: UpstreamCache
  close(boundMs: number): Promise<void>
}

/** Of the local cache's budget: so much may wait to be stored there as well, before it is evicted here. */
const PENDING_PART = 1 / 4

/** The cache that the configuration names; undefined if it names none. The other server need not be there. */
export async function openBackingCache(
  { backingCache }: Config,
  { store, results, metrics, logger }: BackingCacheParts,
): Promise<OpenedBackingCache | undefined> {
  const { target, instanceName, required, compression, putRetryCount, timeout } = backingCache
  if (target === undefined) return undefined
  const shown = await openBackingIdentity(backingCache, logger)
  let channel: Channel | undefined
  const end = () => {
    channel?.[Symbol.dispose]()
    shown[Symbol.dispose]()
  }
  try {
    channel = Channel.open(target, shown.identity)
    const agreed = await agreeOnCompression(channel, {
      instance: instanceName,
      compression,
      onChange(compressor, why) {
        if (compressor !== undefined) logger.info('blobs go to and from the backing cache compressed', { compression })
        else logger.warn('blobs go to and from the backing cache uncompressed', { compression, why })
      },
      logger,
    })
    const blobs = new RemoteStore(channel, instanceName, agreed)
    const remoteResults = new RemoteActionCache(channel, instanceName)
    const cache = await UpstreamCache.open({
      local: store,
      localResults: results,
      remote: metrics?.store(blobs, 'backing') ?? blobs,
      remoteResults: metrics?.results(remoteResults, 'backing') ?? remoteResults,
      guard: new Guard({
        breaker: new CircuitBreaker({
          name: `the backing cache, ${target},`,
          onChange(open, why) {
            if (open) logger.warn('the backing cache does not answer', { target, required, why: why?.message })
            else logger.info('the backing cache answers again', { target })
          },
        }),
        retries: putRetryCount,
        silenceMs: timeout * 1000,
      }),
      required,
      journalPath: join(store.layout.root, 'backing-cache', 'pending'),
      maxPendingBytes: store.usage.maxBytes * PENDING_PART,
      logger,
    })
    return {
      cache,
      async close(boundMs) {
        await cache.close(boundMs)
        end()
      },
    }
  } catch (error) {
    end()
    throw error
  }
}
