import {
  type ActionCache,
  CircuitBreaker,
  type ContentAddressableStorage,
  claimJournal,
  type GoregoError,
  Guard,
  type LocalStore,
  type Logger,
  type reapi,
  UpstreamCache,
} from '@gorego/core'
import { agreeOnCompression, type CompressionName } from './agree-on-compression.js'
import { AnnouncedCapabilities } from './announced-capabilities.js'
import type { Caller } from './caller.js'
import { RemoteActionCache } from './remote-action-cache.js'
import { RemoteStore } from './remote-store.js'
import { SmallBlobs } from './small-blobs.js'
import { type CallWatch, watchedCalls } from './watched-calls.js'

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
  /** What it has said just now that it can, where it was asked already. */
  readonly said?: reapi.ServerCapabilities | undefined
  /** Is told when it does not answer, and why, and when it does again. */
  readonly onChange?: ((answers: boolean, why?: GoregoError) => void) | undefined
}

/** The caches of this machine that it is behind, and those who look on. */
export interface UpstreamParts {
  readonly store: LocalStore
  readonly results: ActionCache
  /** A directory for the list of what is still to be stored there. */
  readonly journals: string
  /** Around the other server's caches, to count what is asked there. */
  readonly watchStore?: ((store: ContentAddressableStorage) => ContentAddressableStorage) | undefined
  readonly watchResults?: ((results: ActionCache) => ActionCache) | undefined
  /** Is told of calls of the other server. */
  readonly watch?: UpstreamWatch | undefined
  readonly logger: Logger
}

/** Whoever keeps an account of how it goes with another server. */
export interface UpstreamWatch extends CallWatch {
  /** A call is made again. */
  retried(why: GoregoError): void
  /** It does not answer, and is left alone; or it answers again. */
  breakerChanged(open: boolean): void
}

export interface OpenedUpstream {
  readonly cache: UpstreamCache
  /** Takes so many milliseconds at most to store what is still to be stored there, and leaves the rest for who comes next. */
  close(boundMs: number): Promise<void>
}

/** Of the local cache's budget: so much may wait to be stored there as well, before it is evicted here. */
const PENDING_PART = 1 / 4

/** What a server and an executor put behind their own caches. The other server need not be there. */
export async function openUpstream(
  caller: Caller,
  { target, instance, required, compression, retries, silenceMs, away, said, onChange }: UpstreamOptions,
  { store, results, journals, watchStore, watchResults, watch, logger }: UpstreamParts,
): Promise<OpenedUpstream> {
  const calls = watch === undefined ? caller : watchedCalls(caller, watch)
  const capabilities = AnnouncedCapabilities.of(calls, instance, said)
  const agreed = agreeOnCompression({
    capabilities,
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
      watch?.breakerChanged(open)
      onChange?.(!open, why)
    },
  })
  if (away !== undefined) breaker.trip(away)
  const smallBlobs = new SmallBlobs({ caller: calls, instance, capabilities, compression: agreed })
  const remote = new RemoteStore(calls, instance, agreed, smallBlobs)
  const remoteResults = new RemoteActionCache(calls, instance)
  const journal = await claimJournal(journals)
  try {
    const cache = await UpstreamCache.open({
      local: store,
      localResults: results,
      journalPath: journal.path,
      maxPendingBytes: store.usage.maxBytes * PENDING_PART,
      pin: (renew) => store.pin(renew),
      remote: watchStore?.(remote) ?? remote,
      remoteResults: watchResults?.(remoteResults) ?? remoteResults,
      guard: new Guard({ breaker, retries, silenceMs, ...(watch && { onRetry: (why) => watch.retried(why) }) }),
      required,
      logger,
    })
    return {
      cache,
      async close(boundMs) {
        await cache.close(boundMs)
        await journal.release(cache.pending > 0)
      },
    }
  } catch (error) {
    // Where that cannot be, whoever comes after this process takes it over. What went wrong first is what is told.
    await journal.release(true).catch(() => {})
    throw error
  }
}
