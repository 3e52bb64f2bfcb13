import type { LocalStore, OperationState, RunReport } from '@gorego/core'
import { Counter, collectDefaultMetrics, Histogram, type Registry } from 'prom-client'
import { stageTimes } from '../services/execution-log.js'
import { actionStages } from './action-stages.js'
import { counterOf, gaugeOf } from './read-when-asked.js'

export interface EngineMetricsOptions {
  readonly registry: Registry
  readonly store: Pick<LocalStore, 'usage' | 'evictions'>
  /** Absent from a cache that executes nothing. */
  readonly load: (() => { readonly queued: number; readonly running: number; readonly slots: number }) | undefined
  /** How many actions were run a second time, by what came of it. */
  readonly samples: () => Readonly<Record<string, number>> | undefined
}

/** Seconds in a stage of an operation. */
const STAGE_SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 15, 60, 300, 1800]

/** What there is only one of, whatever number of processes speak gRPC: store, queue, slots, operations. */
export class EngineMetrics {
  readonly #operations: Counter<'outcome' | 'cached'> | undefined
  readonly #stages: Histogram<'stage'> | undefined
  readonly #actionStages: Histogram<'stage'> | undefined
  readonly #staged: Counter<'how'> | undefined

  constructor({ registry, store, load, samples }: EngineMetricsOptions) {
    const registers = [registry]
    const gauge = (name: string, help: string, read: () => number) => gaugeOf({ registry, name, help }, read)
    collectDefaultMetrics({ register: registry })
    gauge(
      'gorego_disk_usage_bytes',
      'Disk space that blobs, uploads under way and action results take',
      () => store.usage.bytes,
    )
    gauge('gorego_disk_limit_bytes', 'Disk space that they may take', () => store.usage.maxBytes)
    gauge('gorego_blobs', 'Blobs in the cache', () => store.usage.blobs)
    new Counter({
      name: 'gorego_janitor_evictions_total',
      help: 'Blobs that were evicted to make room',
      registers,
      collect() {
        this.reset()
        this.inc(store.evictions)
      },
    })
    if (load === undefined) return
    gauge('gorego_queue_depth', 'Actions that wait for a slot', () => load().queued)
    gauge('gorego_slots_busy', 'Slots in which an action runs', () => load().running)
    gauge('gorego_slots', 'Slots that there are', () => load().slots)
    this.#operations = new Counter({
      name: 'gorego_operations_total',
      help: 'Operations that have ended, by outcome, and whether the action cache had the answer',
      labelNames: ['outcome', 'cached'] as const,
      registers,
    })
    this.#stages = new Histogram({
      name: 'gorego_operation_stage_seconds',
      help: 'How long operations were in each stage, in seconds',
      labelNames: ['stage'] as const,
      buckets: STAGE_SECONDS,
      registers,
    })
    this.#actionStages = new Histogram({
      name: 'gorego_action_stage_seconds',
      help: 'How long actions that ran here took to stage their inputs, run, and collect their outputs, in seconds',
      labelNames: ['stage'] as const,
      buckets: STAGE_SECONDS,
      registers,
    })
    this.#staged = new Counter({
      name: 'gorego_staging_bytes_total',
      help: 'Bytes of inputs that were put in place for actions, by a link or as a copy',
      labelNames: ['how'] as const,
      registers,
    })

    counterOf(
      {
        registry,
        name: 'gorego_determinism_samples_total',
        help: 'Actions that were to run a second time: same and different by what came of it, dropped where no slot was idle or inputs were gone',
        label: 'verdict',
      },
      samples,
    )
  }

  /** A command ran, for one operation or for several. */
  ran({ result, staged }: RunReport): void {
    this.#staged?.inc({ how: 'linked' }, staged.linked)
    this.#staged?.inc({ how: 'copied' }, staged.copied)
    for (const [stage, seconds] of Object.entries(actionStages(result))) {
      this.#actionStages?.observe({ stage }, seconds)
    }
  }

  completed(operation: OperationState): void {
    const { failure, cached = false } = operation.outcome ?? {}
    this.#operations?.inc({ outcome: failure?.code ?? 'ok', cached: String(cached) })
    const { lookupMs, queuedMs, executingMs } = stageTimes(operation)
    for (const [stage, ms] of Object.entries({ lookup: lookupMs, queued: queuedMs, executing: executingMs })) {
      if (ms !== undefined) this.#stages?.observe({ stage }, ms / 1000)
    }
  }
}
