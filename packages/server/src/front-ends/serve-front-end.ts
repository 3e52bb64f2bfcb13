import type { Socket } from 'node:net'
import { join } from 'node:path'
import {
  composeCaches,
  DigestFunctionSet,
  LeasedKeeper,
  LocalActionCache,
  type Logger,
  makeDirectories,
  SharedStore,
} from '@gorego/core'
import { ClientCalls } from '../clients/client-calls.js'
import { openInFlight } from '../clients/open-in-flight.js'
import { composeServices } from '../compose-services.js'
import { openMetrics } from '../metrics/metrics.js'
import type { PlainMetrics } from '../metrics/serving-metrics.js'
import { Health, type Phase } from '../services/health.js'
import { openSecurity } from '../tls/security.js'
import { openTracing } from '../tracing/open-tracing.js'
import { GB, MINUTE_MS } from '../units.js'
import { tellAll } from '../wire/call-log.js'
import { type GrpcServer, serve } from '../wire/grpc-server.js'
import type { Channel } from './channel.js'
import { RemoteBacking } from './remote-backing.js'
import { RemoteDeterminism } from './remote-determinism.js'
import { RemoteHistory } from './remote-history.js'
import { RemoteKeeper } from './remote-keeper.js'
import { RemoteScheduler } from './remote-scheduler.js'
import type { Setup } from './setup.js'

/** For the last spans to arrive, at most. */
const LAST_SPANS_MS = 2_000

/** Everything that one front end has. */
export interface FrontEnd extends Omit<GrpcServer, 'accept'> {
  accept(connection: Socket): void
  advance(phase: Phase): void
  /** Gives up an upload that broke off, for the room that it takes. False if there is none. */
  spare(): boolean
  /** Blobs were lost that were said to be there. */
  forget(): void
  /** What was counted here; nothing where nobody reads it. */
  metrics(): Promise<PlainMetrics>
}

/** The same services as in a server of one process, over what the other end of the channel keeps. */
export async function serveFrontEnd(setup: Setup, channel: Channel, logger: Logger): Promise<FrontEnd> {
  const { config, temporary, maxBytes, leaseMs, frontEnds } = setup
  const { dir, partialUploads } = config.localCache
  const directory = (name: string) => {
    const path = join(temporary, name)
    makeDirectories(path)
    return path
  }
  const keeper = new LeasedKeeper(new RemoteKeeper(channel, `the cache, ${dir}`, maxBytes), leaseMs)
  const store = new SharedStore({
    dir,
    temporary: directory('upload'),
    maxBytes,
    keeper,
    partialUploads: {
      keepBytes: Math.floor((partialUploads.maxSizeGb * GB) / frontEnds),
      keepMs: partialUploads.keepMinutes * MINUTE_MS,
    },
  })
  const results = new LocalActionCache(store.layout, directory('results'))
  const backing = config.backingCache.target === undefined ? undefined : new RemoteBacking(channel)
  const { cas, actionCache } = composeCaches({ store, results, backing, required: config.backingCache.required })
  const health = new Health()
  const metrics = await openMetrics(config)
  const tracing = await openTracing(config, logger)
  const security = await openSecurity(config, logger)
  const { tls, access } = security
  const services = composeServices(config, {
    access,
    functions: await DigestFunctionSet.load(config.digestFunctions),
    cas,
    uploads: store.uploads,
    actionCache,
    scheduler: config.execution.enabled ? new RemoteScheduler(channel) : undefined,
    history: config.execution.enabled ? new RemoteHistory(channel) : undefined,
    determinism: config.execution.enabled ? new RemoteDeterminism(channel) : undefined,
    maxBlobBytes: maxBytes,
    health,
    metrics,
    tracing,
    logger,
  })
  const grpc = await serve({
    services,
    logger,
    logCalls: config.logLevel === 'debug',
    keepaliveMs: config.keepalive * 1000,
    access,
    clients: ClientCalls.of(config),
    inFlight: openInFlight(config, metrics),
    tls,
    onCall: tellAll(metrics?.call, tracing?.ended),
  })
  return {
    accept(connection) {
      connection.once('close', () => channel.tell('closed'))
      grpc.accept(connection)
    },
    advance: (phase) => health.advance(phase),
    spare: () => store.uploads.displaceOldest(),
    forget: () => keeper.forget(),
    metrics: async () => (await metrics?.plain()) ?? [],
    idleMs: () => grpc.idleMs(),
    quiet: (boundMs) => grpc.quiet(boundMs),
    async stop(boundMs) {
      await grpc.stop(boundMs)
      await tracing?.close(LAST_SPANS_MS)
      security[Symbol.dispose]()
      store[Symbol.dispose]()
    },
  }
}
