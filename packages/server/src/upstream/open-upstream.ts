import {
  type ActionCache,
  CircuitBreaker,
  type ContentAddressableStorage,
  type GoregoError,
  Guard,
  type Logger,
  UpstreamCache,
} from '@gorego/core'
import { agreeOnCompression, type CompressionName } from './agree-on-compression.js'
import type { Channel } from './channel.js'
import { RemoteActionCache } from './remote-action-cache.js'
import { RemoteStore } from './remote-store.js'

/** How another server is used as a cache. */
export interface UpstreamOptions {
  /** As messages call it. */
  readonly target: string
  readonly instance: string
  readonly required: boolean
  readonly compression: CompressionName | undefined
  /** How often a call is made again that failed in a way that may pass. */
  readonly retries: number
  /** For so long a call may show no sign of life, in milliseconds. */
  readonly silenceMs: number
  /** Why it does not answer, where that is known already. */
  readonly away?: GoregoError | undefined
  /** Is told when it does not answer, and why, and when it does again. */
  readonly onChange?: ((answers: boolean, why?: GoregoError) => void) | undefined
}

/** The caches of this machine that it is behind, and those who look on. */
export interface UpstreamParts {
  readonly store: ContentAddressableStorage
  readonly results: ActionCache
  readonly journalPath: string
  readonly maxPendingBytes: number
  /** Around the other server's caches, to count what is asked there. */
  readonly watchStore?: ((store: ContentAddressableStorage) => ContentAddressableStorage) | undefined
  readonly watchResults?: ((results: ActionCache) => ActionCache) | undefined
  readonly logger: Logger
}

/** What a server and an executor put behind their own caches. The other server need not be there. */
export async function openUpstream(
  channel: Channel,
  { target, instance, required, compression, retries, silenceMs, away, onChange }: UpstreamOptions,
  { store, results, watchStore, watchResults, logger, ...parts }: UpstreamParts,
): Promise<UpstreamCache> {
  const agreed = await agreeOnCompression(channel, {
    instance,
    compression,
    onChange(compressor, why) {
      if (compressor !== undefined) logger.info('blobs go to and from the backing cache compressed', { compression })
      else logger.warn('blobs go to and from the backing cache uncompressed', { compression, why })
    },
    logger,
  })
  const breaker = new CircuitBreaker({
    name: `the backing cache, ${target},`,
    onChange(open, why) {
      if (open) logger.warn('the backing cache does not answer', { target, required, why: why?.message })
      else logger.info('the backing cache answers again', { target })
      onChange?.(!open, why)
    },
  })
  if (away !== undefined) breaker.trip(away)
  const remote = new RemoteStore(channel, instance, agreed)
  const remoteResults = new RemoteActionCache(channel, instance)
  return await UpstreamCache.open({
    ...parts,
    local: store,
    localResults: results,
    remote: watchStore?.(remote) ?? remote,
    remoteResults: watchResults?.(remoteResults) ?? remoteResults,
    guard: new Guard({ breaker, retries, silenceMs }),
    required,
    logger,
  })
}
