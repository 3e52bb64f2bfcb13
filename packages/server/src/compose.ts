import { availableParallelism } from 'node:os'
import { composeCaches, DigestFunctionSet, LocalActionCache, LocalStore, type Logger, type RunAs } from '@gorego/core'
import { claimStore } from './claim-store.js'
import { ClientCalls } from './clients/client-calls.js'
import { openInFlight } from './clients/open-in-flight.js'
import { Closings } from './closings.js'
import { composeEngine } from './compose-engine.js'
import { composeServices } from './compose-services.js'
import type { Config } from './config/config.js'
import { checkExposure, isOpenToAll } from './config/exposure.js'
import type { Entrance } from './entrance.js'
import { FrontEnds } from './front-ends/front-ends.js'
import { howManyFrontEnds } from './front-ends/how-many.js'
import { hasLostBlobs, leaseOf } from './front-ends/leases.js'
import { cacheParts } from './http/cache/cache-parts.js'
import { type HttpServer, serveHttp } from './http/http-server.js'
import { httpRoutes } from './http/routes.js'
import { statusParts } from './http/status/status-parts.js'
import { IdleWatch } from './idle-watch.js'
import { isolationFor } from './isolation-for.js'
import { openMetrics } from './metrics/metrics.js'
import { type ServerLoad, serverLoad } from './server-load.js'
import { Health } from './services/health.js'
import { openSecurity } from './tls/security.js'
import { openTracing } from './tracing/open-tracing.js'
import { GB, MINUTE_MS } from './units.js'
import { openBackingCache } from './upstream/open-backing-cache.js'
import { ensureUsable } from './usable-directory.js'
import { tellAll } from './wire/call-log.js'
import { listen } from './wire/grpc-server.js'

/** A server that serves, until it is closed. */
export interface RunningServer {
  /** Where it listens, with the real port: `127.0.0.1:50051`, `unix:/path`. */
  readonly address: string
  /** Where metrics and health are served, with the real port; undefined where they are not. */
  readonly httpAddress: string | undefined
  /** Resolves when nobody has used it for `idle_timeout`; never where there is none. */
  readonly idle: Promise<void>
  /** How long nobody has used it, in milliseconds; 0 while somebody does. Who asks how it is, or watches, does not use it. */
  idleMs(): Promise<number>
  /** How many actions run at once; 0 for a cache without execution. */
  readonly slots: number
  /** What actions run in, if anything. */
  readonly sandbox: 'bubblewrap' | 'none'
  /** Who runs actions; undefined for whoever runs the server. */
  readonly runAs: RunAs | undefined
  /** How much it has to do, just now. May be asked for several times a second. */
  readonly load: ServerLoad
  /** Process ids of the front ends that serve just now; none where this process speaks gRPC itself. */
  readonly frontEndPids: readonly number[]
  /**
   * Executes nothing new, gives running actions `drainMs` (default: `shutdown_grace`) to finish and their clients the time to
   * fetch the outputs, and leaves no process and no temporary file.
   */
  stop(options?: { readonly drainMs?: number }): Promise<void>
}

/** After the last action: for clients to fetch its outputs, at least. */
const LAST_CALLS_MS = 2_000

/** The whole server, put together: the one place that knows which store stands behind which cache behind which service. */
export async function startServer(config: Config, { logger }: { logger: Logger }): Promise<RunningServer> {
  const closings = new Closings()
  try {
    return await compose(config, logger, closings)
  } catch (error) {
    await closings.close(0)
    throw error
  }
}

async function compose(config: Config, logger: Logger, closings: Closings): Promise<RunningServer> {
  checkExposure(config)
  if (isOpenToAll(config))
    logger.warn(
      'other machines can reach this server, and whoever does can run commands here: see auth in docs/configuration.md',
    )
  const count = howManyFrontEnds(config.frontEnds, availableParallelism())
  const graceMs = config.localCache.graceSeconds * 1000
  const leaseMs = count > 1 ? leaseOf(graceMs) : 0
  // WebAssembly is compiled by other threads; what it takes is over when the sandbox has been tried.
  const loading = DigestFunctionSet.load(config.digestFunctions)
  // Whether it fails is told where it is awaited, if nothing else failed before.
  loading.catch(() => {})
  const metrics = await openMetrics(config)
  const tracing = await openTracing(config, logger)
  closings.add(() => tracing?.close(LAST_CALLS_MS))
  const { buildRoot } = config.execution
  ensureUsable(config.localCache.dir, '--dir')
  if (config.execution.enabled && buildRoot !== undefined) ensureUsable(buildRoot, 'execution.build_root')
  const security = await openSecurity(config, logger)
  closings.add(() => security[Symbol.dispose]())
  const { tls, access } = security
  const clients = ClientCalls.of(config)
  const inFlight = openInFlight(config, metrics)
  const store = await LocalStore.open({
    dir: config.localCache.dir,
    maxBytes: Math.floor(config.localCache.maxSizeGb * GB),
    graceMs: graceMs + leaseMs,
    minFreeBytes: config.localCache.minFreeGb * GB,
    watermarks: { high: config.localCache.highWatermark / 100, low: config.localCache.lowWatermark / 100 },
    partialUploads: {
      keepBytes: Math.floor(config.localCache.partialUploads.maxSizeGb * GB),
      keepMs: config.localCache.partialUploads.keepMinutes * MINUTE_MS,
    },
  })
  closings.add(() => store[Symbol.dispose]())
  claimStore(store, logger)
  reportLoading(store, logger)
  const results = new LocalActionCache(store.layout, store.workDirectory('results'))
  const backing = await openBackingCache(config, { store, results, metrics, logger })
  closings.add((boundMs) => backing?.close(boundMs))
  const { cas, actionCache } = composeCaches({
    store,
    results,
    backing: backing?.cache,
    required: config.backingCache.required,
  })
  // There only when the engine is, which tells it of losses.
  let entrance: Entrance | undefined
  const isolation = await isolationFor(config, store, logger)
  const functions = await loading
  const engine = config.execution.enabled
    ? composeEngine(config, {
        store,
        cas,
        actionCache,
        isolation,
        worker: {
          ...(backing === undefined ? {} : { fetchMissing: (digests, signal) => backing.cache.fetch(digests, signal) }),
          ...(metrics === undefined ? {} : { onRan: (report) => engineMetrics?.ran(report) }),
        },
        logger,
        closings,
        onCompleted(operation, request) {
          engineMetrics?.completed(operation)
          tracing?.executed(operation, request)
          // The client is about to hear that it has to send blobs again, and asks which.
          if (hasLostBlobs(operation)) entrance?.forget()
        },
      })
    : undefined
  const scheduler = engine?.scheduler
  const engineMetrics = metrics?.ofEngine({
    store,
    load: scheduler && (() => scheduler.load),
    samples: () => engine?.determinism.counts,
  })
  let ready = true
  const http = await startHttp()
  closings.add(() => http?.close())
  const opened = await (count > 1
    ? FrontEnds.start({
        count,
        config,
        leaseMs,
        store,
        scheduler,
        history: engine?.history,
        determinism: engine?.determinism,
        backing: backing?.cache,
        logger,
      })
    : serveHere())
  entrance = opened
  const idleMs = async () => Math.min(await opened.idleMs(), http?.idleMs() ?? Number.POSITIVE_INFINITY)
  let idleWatch: IdleWatch | undefined
  const idle = new Promise<void>((onIdle) => {
    if (config.idleTimeout === 0) return
    const isBusy = () => scheduler !== undefined && scheduler.load.running + scheduler.load.queued > 0
    idleWatch = new IdleWatch({
      timeoutMs: config.idleTimeout * 1000,
      idleMs,
      isBusy,
      onIdle,
    })
  })
  return {
    address: opened.address,
    httpAddress: http?.address,
    slots: engine?.worker.slots ?? 0,
    idle,
    idleMs,
    sandbox: isolation.sandbox === undefined ? 'none' : 'bubblewrap',
    runAs: isolation.runAs,
    get load() {
      return serverLoad(engine, store.usage)
    },
    get frontEndPids() {
      return opened.pids
    },
    async stop({ drainMs = config.shutdownGrace * 1000 } = {}) {
      ready = false
      idleWatch?.[Symbol.dispose]()
      const until = performance.now() + drainMs
      await opened.drain()
      const busy = scheduler !== undefined && scheduler.load.running > 0
      // Meanwhile all other calls are served as ever, and who wants an execution is told why not.
      await scheduler?.close(drainMs)
      if (busy && drainMs > 0) await opened.quiet(LAST_CALLS_MS)
      // Only now are connections told to go away: until here, they were needed for outputs.
      await opened.stop(drainMs === 0 ? 0 : Math.max(until - performance.now(), LAST_CALLS_MS))
      await closings.close(drainMs === 0 ? 0 : LAST_CALLS_MS)
    },
  }

  async function startHttp(): Promise<HttpServer | undefined> {
    const { listenAddr } = config.http
    if (listenAddr === undefined || metrics === undefined) return undefined
    const counted = async () => [await metrics.plain(), ...((await entrance?.metrics()) ?? [])]
    const routes = httpRoutes({
      metrics: async () => await metrics.text((await entrance?.metrics()) ?? []),
      isReady: () => ready && entrance !== undefined,
      status: statusParts({ engine, store, cas, functions, counted, backing }),
      cache: config.http.cache ? cacheParts(config, { store, cas, functions, actionCache, metrics }) : undefined,
    })
    const { hosts } = config.http
    return await serveHttp({
      listenAddr,
      hosts,
      socketMode: config.unixSocketMode,
      routes,
      logger,
      access,
      clients,
      inFlight,
      tls,
      onVisit: tracing?.visited,
    })
  }

  async function serveHere(): Promise<Entrance> {
    const health = new Health()
    const services = composeServices(config, {
      access,
      functions,
      cas,
      uploads: store.uploads,
      actionCache,
      scheduler,
      history: engine?.history,
      determinism: engine?.determinism,
      maxBlobBytes: store.usage.maxBytes,
      health,
      metrics,
      tracing,
      logger,
    })
    const grpc = await listen({
      listenAddr: config.listenAddr,
      socketMode: config.unixSocketMode,
      access,
      clients,
      inFlight,
      tls,
      services,
      logger,
      logCalls: config.logLevel === 'debug',
      keepaliveMs: config.keepalive * 1000,
      onCall: tellAll(metrics?.call, tracing?.ended),
    })
    return {
      address: grpc.address,
      pids: [],
      metrics: async () => [],
      forget() {},
      drain: async () => health.advance('draining'),
      idleMs: async () => grpc.idleMs(),
      quiet: (boundMs) => grpc.quiet(boundMs),
      stop(boundMs) {
        health.advance('over')
        return grpc.stop(boundMs)
      },
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
