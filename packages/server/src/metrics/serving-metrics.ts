import type { ActionCache, ContentAddressableStorage } from '@gorego/core'
import { Counter, Gauge, Histogram, type MetricObjectWithValues, type MetricValue, Registry } from 'prom-client'
import type { Direction, InFlight } from '../clients/in-flight.js'
import { type CallLog, outcomeOf } from '../wire/call-log.js'
import { BackingMetrics } from './backing-metrics.js'
import { type CacheRequest, countedResults, countedStore } from './counted.js'
import { EngineMetrics, type EngineMetricsOptions } from './engine-metrics.js'
import { type MetricsText, metricsText } from './metrics-text.js'

/** A registry's content as plain data, which can go from one process to another. */
export type PlainMetrics = MetricObjectWithValues<MetricValue<string>>[]

/** Seconds: a call from the cache takes less than a millisecond, an execution minutes. */
const CALL_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600]
const CACHE_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 10, 60]

/** Seconds that a call waits for others of its client; after five minutes it is refused. */
const WAIT_SECONDS = [0.001, 0.01, 0.1, 1, 10, 60, 300]

/** From 128 bytes to 2 GiB, each eight times the one before. */
const BLOB_BYTES = Array.from({ length: 9 }, (_, n) => 128 * 8 ** n)

/** What answers first, or the cache behind it. */
export type Tier = 'local' | 'backing'

/** What a process that speaks gRPC counts: calls, and requests to the cache behind them. */
export class ServingMetrics {
  readonly #registry = new Registry()
  readonly #calls = new Counter({
    name: 'gorego_grpc_calls_total',
    help: 'gRPC calls that have ended, by method and outcome',
    labelNames: ['method', 'outcome'] as const,
    registers: [this.#registry],
  })
  readonly #callSeconds = new Histogram({
    name: 'gorego_grpc_call_seconds',
    help: 'How long gRPC calls took, in seconds; an Execute lasts as long as its action',
    labelNames: ['method'] as const,
    buckets: CALL_SECONDS,
    registers: [this.#registry],
  })
  readonly #requests = new Counter({
    name: 'gorego_cache_requests_total',
    help: 'Blobs and action results that were asked for or stored, by what came of it',
    labelNames: ['method', 'tier', 'status'] as const,
    registers: [this.#registry],
  })
  readonly #cacheSeconds = new Histogram({
    name: 'gorego_cache_latency_seconds',
    help: 'How long requests to the cache took, in seconds; reads and writes of streams as long as their client takes',
    labelNames: ['method', 'tier'] as const,
    buckets: CACHE_SECONDS,
    registers: [this.#registry],
  })
  readonly #blobBytes = new Histogram({
    name: 'gorego_blob_size_bytes',
    help: 'Sizes of the blobs that were read and stored, in bytes',
    labelNames: ['method'] as const,
    buckets: BLOB_BYTES,
    registers: [this.#registry],
  })
  readonly #waits = new Histogram({
    name: 'gorego_in_flight_wait_seconds',
    help: 'How long calls waited because their client had as many bytes under way as limits.in_flight_mb allows, in seconds',
    labelNames: ['direction'] as const,
    buckets: WAIT_SECONDS,
    registers: [this.#registry],
  })

  #backing: BackingMetrics | undefined

  readonly waited = (direction: Direction, ms: number): void => this.#waits.observe({ direction }, ms / 1000)

  readonly call: CallLog = (ended) => {
    const method = ended.path.slice(ended.path.lastIndexOf('.') + 1)
    this.#calls.inc({ method, outcome: outcomeOf(ended) })
    this.#callSeconds.observe({ method }, (performance.now() - ended.startedAt) / 1000)
  }

  store(base: ContentAddressableStorage, tier: Tier = 'local'): ContentAddressableStorage {
    return countedStore(base, (request) => this.#note(request, tier))
  }

  results(base: ActionCache, tier: Tier = 'local'): ActionCache {
    return countedResults(base, (request) => this.#note(request, tier))
  }

  /** Counts here, too, what there is only one of. */
  ofEngine(engine: Omit<EngineMetricsOptions, 'registry'>): EngineMetrics {
    return new EngineMetrics({ ...engine, registry: this.#registry })
  }

  /** Tells what of all clients is in memory. */
  inFlight(inFlight: InFlight): void {
    const directions: readonly Direction[] = ['up', 'down']
    new Gauge({
      name: 'gorego_in_flight_bytes',
      help: 'Bytes of blobs in memory, between clients and the store',
      labelNames: ['direction'] as const,
      registers: [this.#registry],
      collect() {
        for (const direction of directions) this.set({ direction }, inFlight.heldBytes(direction))
      },
    })
  }

  /** Counts here, too, how it goes with the cache behind, where there is one. */
  ofBacking(): BackingMetrics {
    this.#backing ??= new BackingMetrics(this.#registry)
    return this.#backing
  }

  /** What was counted here and by others, added up. */
  async text(others: readonly PlainMetrics[]): Promise<MetricsText> {
    return await metricsText(this.#registry, others)
  }

  async plain(): Promise<PlainMetrics> {
    return await this.#registry.getMetricsAsJSON()
  }

  #note(request: CacheRequest, tier: Tier): void {
    const { method, startedAt, bytes, ...statuses } = request
    if (tier === 'backing') this.#backing?.requested(request)
    for (const [status, count] of Object.entries(statuses)) {
      if (count > 0) this.#requests.inc({ method, tier, status }, count)
    }
    this.#cacheSeconds.observe({ method, tier }, (performance.now() - startedAt) / 1000)
    if (bytes !== undefined) this.#blobBytes.observe({ method }, bytes)
  }
}
