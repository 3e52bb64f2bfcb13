import { availableParallelism } from 'node:os'
import {
  ChunkedBlobs,
  createActionLookup,
  createPlatformCheck,
  DigestFunctionSet,
  LocalActionCache,
  LocalStore,
  LocalWorker,
  type Logger,
  TaskScheduler,
  withCompleteness,
} from '@gorego/core'
import { availableCompressors } from './compression/available-compressors.js'
import type { Config } from './config/config.js'
import { actionCacheService } from './services/action-cache.js'
import { byteStreamService } from './services/byte-stream.js'
import { capabilitiesService } from './services/capabilities.js'
import { chunkingService } from './services/chunking.js'
import { contentAddressableStorageService } from './services/content-addressable-storage.js'
import { executionService } from './services/execution.js'
import { logExecution } from './services/execution-log.js'
import { Health, healthService } from './services/health.js'
import { operationsService } from './services/operations.js'
import { reflectionServices } from './services/reflection.js'
import type { Service } from './services/service.js'
import { serviceNames } from './services/service-names.js'
import type { Dialect } from './wire/dialect.js'
import { listen } from './wire/grpc-server.js'
import { createInstanceCheck } from './wire/instance-name.js'

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

const MB = 1e6
const GB = 1e9
const MINUTE_MS = 60_000

/** The whole server, put together: the one place that knows which store stands behind which cache behind which service. */
export async function startServer(config: Config, { logger }: { logger: Logger }): Promise<RunningServer> {
  const functions = await DigestFunctionSet.load(config.digestFunctions)
  const store = await LocalStore.open({
    dir: config.localCache.dir,
    maxBytes: Math.floor(config.localCache.maxSizeGb * GB),
    graceMs: config.localCache.graceSeconds * 1000,
    partialUploads: {
      keepBytes: Math.floor(config.localCache.partialUploads.maxSizeGb * GB),
      keepMs: config.localCache.partialUploads.keepMinutes * MINUTE_MS,
    },
  })
  reportLoading(store, logger)
  const results = new LocalActionCache(store.layout, store.workDirectory('results'))
  const actionCache = withCompleteness(results, store)
  const maxBlobBytes = store.usage.maxBytes
  const dialect: Dialect = {
    checkInstance: createInstanceCheck(config.instanceNames),
    functions,
    compressors: await availableCompressors(logger),
  }
  const engine = config.execution.enabled ? startEngine() : undefined
  const chunkedBlobs = config.chunking ? new ChunkedBlobs({ cas: store }) : undefined
  const services: Service[] = [
    capabilitiesService({
      ...dialect,
      execution: engine !== undefined,
      maxBlobBytes,
      chunking: chunkedBlobs?.parameters,
      absoluteSymlinks: config.execution.absoluteSymlinks,
      updates: config.actionCache.updates,
    }),
    contentAddressableStorageService({ ...dialect, cas: store, maxBlobBytes }),
    byteStreamService({ ...dialect, cas: store, uploads: store.uploads, maxBlobBytes }),
    actionCacheService({ ...dialect, actionCache, cas: store, ...config.actionCache }),
  ]
  if (chunkedBlobs !== undefined) services.push(chunkingService({ ...dialect, chunkedBlobs, maxBlobBytes }))
  if (engine !== undefined) {
    services.push(executionService({ ...dialect, scheduler: engine.scheduler, cas: store }))
    services.push(operationsService({ ...dialect, scheduler: engine.scheduler, cas: store }))
  }
  const health = new Health()
  const served = serviceNames(services)
  services.push(healthService(health, served))
  if (config.reflection) services.push(...reflectionServices(serviceNames(services)))
  const grpc = await listen({
    listenAddr: config.listenAddr,
    services,
    logger,
    logCalls: config.logLevel === 'debug',
    keepaliveMs: config.keepalive * 1000,
  }).catch(async (error) => {
    await engine?.worker[Symbol.asyncDispose]()
    store[Symbol.dispose]()
    throw error
  })
  return {
    address: grpc.address,
    slots: engine?.worker.slots ?? 0,
    async stop({ drainMs = DEFAULT_DRAIN_MS } = {}) {
      health.advance('draining')
      const busy = engine !== undefined && engine.scheduler.load.running > 0
      // Meanwhile all other calls are served as ever, and who wants an execution is told why not.
      await engine?.scheduler.close(drainMs)
      if (busy && drainMs > 0) await grpc.quiet(LAST_CALLS_MS)
      health.advance('over')
      await grpc.stop(drainMs === 0 ? 0 : LAST_CALLS_MS)
      await engine?.worker[Symbol.asyncDispose]()
      store[Symbol.dispose]()
    },
  }

  function startEngine(): { scheduler: TaskScheduler; worker: LocalWorker } {
    const { concurrency, buildRoot, queueSize, abandonAfter } = config.execution
    const { platform, platformPolicy, defaultTimeout, maxTimeout } = config.execution
    const { absoluteSymlinks, strict, maxStdoutMb, reportResourceUsage } = config.execution
    const worker = new LocalWorker({
      store,
      actionCache,
      slots: concurrency === 0 ? availableParallelism() : concurrency,
      logger,
      policy: { absoluteSymlinks, strict, maxPrintedBytes: maxStdoutMb * MB, reportResources: reportResourceUsage },
      ...(buildRoot === undefined ? {} : { buildRoot }),
    })
    const lookup = createActionLookup({
      cas: store,
      actionCache,
      checkPlatform: createPlatformCheck({ labels: platform, policy: platformPolicy, logger }),
      defaultTimeoutMs: defaultTimeout * 1000,
      maxTimeoutMs: maxTimeout * 1000,
    })
    const onCompleted = logExecution.bind(undefined, logger)
    const abandonAfterMs = abandonAfter * 1000
    return {
      worker,
      scheduler: new TaskScheduler({ executor: worker, lookup, queueSize, abandonAfterMs, onCompleted }),
    }
  }
}

/** What is in the cache is counted while it is served already. */
function reportLoading(store: LocalStore, logger: Logger): void {
  const begun = performance.now()
  store.loaded.then(
    () => {
      const { blobs, bytes } = store.usage
      logger.info('counted what is in the cache', { blobs, bytes, ms: Math.round(performance.now() - begun) })
    },
    (error) => logger.error('a part of the cache could not be counted', { error }),
  )
}
