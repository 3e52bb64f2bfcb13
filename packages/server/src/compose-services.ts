import {
  type ActionCache,
  ChunkedBlobs,
  type ContentAddressableStorage,
  type DigestFunctionSet,
  type Logger,
  type ResumableUploads,
  type Scheduler,
} from '@gorego/core'
import type { Access } from './auth/access.js'
import { availableCompressors } from './compression/available-compressors.js'
import type { Config } from './config/config.js'
import type { DeterminismReporter } from './determinism/determinism-report.js'
import type { History } from './history/action-history.js'
import type { ServingMetrics } from './metrics/serving-metrics.js'
import { actionCacheService } from './services/action-cache.js'
import { byteStreamService } from './services/byte-stream.js'
import { capabilitiesService } from './services/capabilities.js'
import { chunkingService } from './services/chunking.js'
import { contentAddressableStorageService } from './services/content-addressable-storage.js'
import { determinismService } from './services/determinism.js'
import { executionService } from './services/execution.js'
import { type Health, healthService } from './services/health.js'
import { historyService } from './services/history.js'
import { operationsService } from './services/operations.js'
import { reflectionServices } from './services/reflection.js'
import type { Service } from './services/service.js'
import { serviceNames } from './services/service-names.js'
import type { Tracing } from './tracing/tracing.js'
import type { Dialect } from './wire/dialect.js'
import { createAccessCheck } from './wire/instance-name.js'

/** What services stand on, wherever it is: in this process, or at the other end of a channel. */
export interface ServiceParts {
  /** Absent where everybody may do everything. */
  readonly access: Access | undefined
  readonly functions: DigestFunctionSet
  readonly cas: ContentAddressableStorage
  readonly uploads: ResumableUploads
  readonly actionCache: ActionCache
  /** Absent from a cache that executes nothing. */
  readonly scheduler: Scheduler | undefined
  /** What was executed; absent with the scheduler. */
  readonly history: History | undefined
  /** What came of running actions again; absent with the scheduler. */
  readonly determinism: DeterminismReporter | undefined
  readonly maxBlobBytes: number
  readonly health: Health
  /** Counts what services ask store and action cache for; absent where nobody reads that. */
  readonly metrics: ServingMetrics | undefined
  /** Absent where nothing is traced. */
  readonly tracing: Tracing | undefined
  readonly logger: Logger
}

/** Every service that the configuration asks for. */
export function composeServices(config: Config, parts: ServiceParts): Service[] {
  const { access, functions, uploads, scheduler, history, determinism } = parts
  const { maxBlobBytes, health, metrics, tracing, logger } = parts
  const cas = metrics?.store(parts.cas) ?? parts.cas
  const actionCache = metrics?.results(parts.actionCache) ?? parts.actionCache
  const dialect: Dialect = {
    checkInstance: createAccessCheck(config.instanceNames, access),
    functions,
    compressors: availableCompressors(logger),
  }
  const chunkedBlobs = config.chunking ? new ChunkedBlobs({ cas }) : undefined
  const services: Service[] = [
    capabilitiesService({
      ...dialect,
      execution: scheduler !== undefined,
      maxBlobBytes,
      chunking: chunkedBlobs?.parameters,
      absoluteSymlinks: config.execution.absoluteSymlinks,
      updates: config.actionCache.updates,
      access,
    }),
    contentAddressableStorageService({ ...dialect, cas, maxBlobBytes }),
    byteStreamService({ ...dialect, cas, uploads, maxBlobBytes }),
    actionCacheService({ ...dialect, actionCache, cas, ...config.actionCache }),
  ]
  if (chunkedBlobs !== undefined) services.push(chunkingService({ ...dialect, chunkedBlobs, maxBlobBytes }))
  if (scheduler !== undefined) {
    services.push(executionService({ ...dialect, scheduler, cas, beginSpan: tracing?.begin }))
    services.push(operationsService({ ...dialect, scheduler, cas, access }))
    if (determinism !== undefined) services.push(determinismService({ ...dialect, determinism }))
    if (history !== undefined) services.push(historyService({ ...dialect, scheduler, cas, history }))
  }
  services.push(healthService(health, serviceNames(services)))
  if (config.reflection) services.push(...reflectionServices(serviceNames(services)))
  return services
}
