import {
  type ActionLookup,
  type Clock,
  type ContentAddressableStorage,
  GoregoError,
  type Logger,
  type OperationState,
  type Outcome,
  type OutputDifference,
  type SpareTime,
  systemClock,
} from '@gorego/core'
import { exitCodeOf } from '../services/execution-phases.js'
import { compareResults } from './compare-results.js'
import type { DeterminismRecord, SampleVerdict } from './determinism-record.js'

export interface DeterminismSamplerOptions {
  readonly record: DeterminismRecord
  /** Reads what running an action takes. */
  readonly lookup: ActionLookup
  readonly executor: SpareTime
  readonly cas: ContentAddressableStorage
  readonly logger: Logger
  readonly clock?: Clock
  /** From 0 to below 1. */
  readonly random?: () => number
}

/** How long a slot has to be idle, and how long it takes to look again, in milliseconds. */
const QUIET_MS = 200

/** How many may wait for their second run: a server that is never idle makes none. */
const MOST_WAITING = 100

/** A sample that others took the slot of so often is given up: it takes longer than this server is ever idle. */
const MOST_TRIES = 3

/** Of one finding. */
const MOST_DIFFERENCES = 20
const MOST_CHARACTERS = 300

/** In the log. */
const MOST_NAMED = 5

interface Sample {
  readonly operation: OperationState
  readonly result: Uint8Array
  tries: number
}

/**
 * Runs some of the actions a second time that were executed and cached, when nobody else wants a slot, and compares what came of it.
 * The client has its answer by then, and what is cached stays: the second result is only looked at.
 */
export class DeterminismSampler implements Disposable {
  readonly #options: DeterminismSamplerOptions
  readonly #clock: Clock
  readonly #random: () => number
  readonly #waiting: Sample[] = []
  /** Operations that shared a run end with the same object. */
  readonly #seen = new WeakSet<Outcome>()
  readonly #stop = new AbortController()
  #timer: Disposable | undefined
  #isBusy = false

  constructor(options: DeterminismSamplerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
  }

  /** To be told of each operation that has ended. */
  note(operation: OperationState): void {
    const { outcome } = operation
    if (outcome?.result === undefined || outcome.failure !== undefined || outcome.cached) return
    if (this.#seen.has(outcome)) return
    this.#seen.add(outcome)
    const { record } = this.#options
    // What failed is not cached, and spoils nothing.
    if (this.#random() >= record.sampleRate || exitCodeOf(outcome.result) !== 0) return
    if (this.#waiting.length >= MOST_WAITING) {
      record.count('dropped')
      return
    }
    this.#waiting.push({ operation, result: outcome.result, tries: 0 })
    this.#soon()
  }

  /** What runs is ended, and what waits is forgotten. */
  [Symbol.dispose](): void {
    this.#stop.abort()
    this.#timer?.[Symbol.dispose]()
    this.#waiting.length = 0
  }

  #soon(): void {
    if (this.#timer !== undefined || this.#isBusy || this.#waiting.length === 0 || this.#stop.signal.aborted) return
    this.#timer = this.#clock.after(QUIET_MS, () => {
      this.#timer = undefined
      void this.#next()
    })
  }

  async #next(): Promise<void> {
    const [sample] = this.#waiting
    if (sample === undefined) return
    this.#isBusy = true
    const verdict = await this.#try(sample)
    this.#isBusy = false
    if (this.#stop.signal.aborted) return
    if (verdict !== 'later') {
      this.#waiting.shift()
      if (verdict !== 'unwanted') this.#options.record.count(verdict)
    }
    this.#soon()
  }

  async #try(sample: Sample): Promise<SampleVerdict | 'later' | 'unwanted'> {
    try {
      return await this.#runAgain(sample)
    } catch (error) {
      // Evicted inputs, outputs, or the action itself, most likely; a client would send them again, and here is none.
      const { code, message } = GoregoError.from(error)
      if (!this.#stop.signal.aborted)
        this.#options.logger.debug('an action could not be run again to compare', {
          digest: String(sample.operation.action),
          why: `${code}: ${message}`,
        })
      return 'dropped'
    }
  }

  async #runAgain(sample: Sample): Promise<SampleVerdict | 'later' | 'unwanted'> {
    const { lookup, executor, cas, record } = this.#options
    const { instance, action } = sample.operation
    const { signal } = this.#stop
    if (!executor.isIdle(QUIET_MS)) return 'later'
    const found = await lookup({ instance, action, skipCacheLookup: true }, signal)
    // do_not_cache says that it is not meant to be the same each time.
    if (!('run' in found) || found.run.doNotCache) return 'unwanted'
    const run = { ...found.run, doNotCache: true, queuedAt: this.#clock.now() }
    const second = await executor.executeIfIdle(run, QUIET_MS, signal)
    if (second.kind === 'no-slot') return 'later'
    if (second.kind === 'displaced') return ++sample.tries < MOST_TRIES ? 'later' : 'dropped'
    const { failure, result } = second.outcome
    if (failure !== undefined) throw new GoregoError(failure.code, failure.message, { details: failure.details })
    if (result === undefined) throw new GoregoError('internal', `${action} ended without a result`)
    const differences = await compareResults(action, [sample.result, result], cas, signal)
    if (differences.length === 0) return 'same'
    record.add(this.#finding(sample.operation, differences))
    return 'different'
  }

  #finding({ instance, action, name, labels = {} }: OperationState, differences: readonly OutputDifference[]) {
    const { target, mnemonic } = labels
    const about = { ...(target !== undefined && { target }), ...(mnemonic !== undefined && { mnemonic }) }
    this.#options.logger.warn('an action did not do the same when it was run again', {
      operation: name,
      digest: String(action),
      ...about,
      differences: differences.length,
      differs: differences.slice(0, MOST_NAMED).map(({ subject }) => subject),
    })
    return {
      instance,
      action,
      operation: name,
      ...about,
      foundAt: this.#clock.now(),
      differences: differences.slice(0, MOST_DIFFERENCES).map(shortened),
      truncated: differences.length > MOST_DIFFERENCES,
    }
  }
}

function shortened({ subject, first, second, offset }: OutputDifference): OutputDifference {
  const short = (text: string) => (text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text)
  return {
    subject: short(subject),
    first: short(first),
    second: short(second),
    ...(offset !== undefined && { offset }),
  }
}
