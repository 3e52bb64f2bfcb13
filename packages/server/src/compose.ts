import { availableParallelism } from 'node:os'
import {
  createActionLookup,
  LocalActionCache,
  LocalStore,
  LocalWorker,
  type Logger,
  TaskScheduler,
  withCompleteness,
} from '@gorego/core'
import type { Config } from './config/config.js'
import { actionCacheService } from './services/action-cache.js'
import { byteStreamService } from './services/byte-stream.js'
import { capabilitiesService } from './services/capabilities.js'
import { contentAddressableStorageService } from './services/content-addressable-storage.js'
import { executionService } from './services/execution.js'
import { operationsService } from './services/operations.js'
import type { Service } from './services/service.js'
import { listen } from './wire/grpc-server.js'

export interface RunningServer {
  /** Where it listens, with the real port: `127.0.0.1:50051`, `unix:/path`. */
  readonly address: string
  /** How many actions run at once; 0 for a cache without execution. */
  readonly slots: number
  /**
   * Executes nothing new, gives running actions `drainMs` (default 30 s) to finish and their clients the time to fetch the
   * outputs, and leaves no process and no temporary file.
   */
  stop(options?: { readonly drainMs?: number }): Promise<void>
}

const DEFAULT_DRAIN_MS = 30_000

/** After the last action: for clients to fetch its outputs, at most. */
const LAST_CALLS_MS = 2_000

const GB = 1e9

/** The whole server, put together: the one place that knows which store stands behind which cache behind which service. */
export async function startServer(config: Config, { logger }: { logger: Logger }): Promise<RunningServer> {
  const store = await LocalStore.open({
    dir: config.localCache.dir,
    maxBytes: Math.floor(config.localCache.maxSizeGb * GB),
  })
  const results = new LocalActionCache(store.layout, store.workDirectory('results'))
  const actionCache = withCompleteness(results, store)
  const maxBlobBytes = store.usage.maxBytes
  const engine = config.execution.enabled ? startEngine() : undefined
  const services: Service[] = [
    capabilitiesService({ execution: engine !== undefined, maxBlobBytes }),
    contentAddressableStorageService({ cas: store, maxBlobBytes }),
    byteStreamService({ cas: store, maxBlobBytes }),
    actionCacheService({ actionCache, cas: store }),
  ]
  if (engine !== undefined) {
    services.push(executionService({ scheduler: engine.scheduler, cas: store, logger }))
    services.push(operationsService({ scheduler: engine.scheduler, cas: store }))
  }
  const grpc = await listen({ listenAddr: config.listenAddr, services, logger }).catch(async (error) => {
    await engine?.worker[Symbol.asyncDispose]()
    store[Symbol.dispose]()
    throw error
  })
  return {
    address: grpc.address,
    slots: engine?.worker.slots ?? 0,
    async stop({ drainMs = DEFAULT_DRAIN_MS } = {}) {
      const busy = engine !== undefined && engine.scheduler.load.running > 0
      // Meanwhile all other calls are served as ever, and who wants an execution is told why not.
      await engine?.scheduler.close(drainMs)
      if (busy && drainMs > 0) await grpc.quiet(LAST_CALLS_MS)
      await grpc.stop(drainMs === 0 ? 0 : LAST_CALLS_MS)
      await engine?.worker[Symbol.asyncDispose]()
      store[Symbol.dispose]()
    },
  }

  function startEngine(): { scheduler: TaskScheduler; worker: LocalWorker } {
    const { concurrency, buildRoot, queueSize } = config.execution
    const worker = new LocalWorker({
      store,
      actionCache,
      slots: concurrency === 0 ? availableParallelism() : concurrency,
      logger,
      ...(buildRoot === undefined ? {} : { buildRoot }),
    })
    const lookup = createActionLookup({ cas: store, actionCache })
    return { worker, scheduler: new TaskScheduler({ executor: worker, lookup, queueSize }) }
  }
}
