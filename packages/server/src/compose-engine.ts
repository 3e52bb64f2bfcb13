import { availableParallelism } from 'node:os'
import {
  type ActionCache,
  type ContentAddressableStorage,
  createActionLookup,
  createPlatformCheck,
  type ExecuteRequest,
  type Isolation,
  type LocalStore,
  LocalWorker,
  type LocalWorkerOptions,
  type Logger,
  type OperationState,
  pinActions,
  SpareTime,
  TaskScheduler,
} from '@gorego/core'
import type { Closings } from './closings.js'
import type { Config } from './config/config.js'
import { DeterminismRecord } from './determinism/determinism-record.js'
import { DeterminismSampler } from './determinism/determinism-sampler.js'
import { ActionHistory } from './history/action-history.js'
import { logExecution } from './services/execution-log.js'
import { RecentExecutions } from './status/recent-executions.js'
import { MB } from './units.js'

/** What executes, and what it remembers of that. */
export interface Engine {
  readonly scheduler: TaskScheduler
  readonly worker: LocalWorker
  readonly history: ActionHistory
  readonly determinism: DeterminismRecord
  readonly recent: RecentExecutions
}

/** What an engine works on, and whom it tells. */
export interface EngineParts {
  readonly store: LocalStore
  /** What clients see: with the cache behind, if there is one. */
  readonly cas: ContentAddressableStorage
  readonly actionCache: ActionCache
  readonly isolation: Isolation
  /** Inputs come from the cache behind, if there is one; `onRan` is there where somebody counts. */
  readonly worker: Pick<LocalWorkerOptions, 'fetchMissing' | 'onRan'>
  readonly logger: Logger
  /** Told of every operation that has ended, after history and log. */
  readonly onCompleted: (operation: OperationState, request: ExecuteRequest) => void
  readonly closings: Closings
}

/** The half of the server that executes: scheduler, look-up and worker, and those who watch them. */
export function composeEngine(config: Config, parts: EngineParts): Engine {
  const { store, cas, actionCache, isolation, logger, closings } = parts
  const { concurrency, buildRoot, queueSize, abandonAfter } = config.execution
  const { queueShare } = config.limits
  const { platform, platformPolicy, defaultTimeout, maxTimeout } = config.execution
  const { absoluteSymlinks, strict, maxStdoutMb, reportResourceUsage } = config.execution
  const worker = new LocalWorker({
    store,
    actionCache,
    slots: concurrency === 0 ? availableParallelism() : concurrency,
    logger,
    policy: { absoluteSymlinks, strict, maxPrintedBytes: maxStdoutMb * MB, reportResources: reportResourceUsage },
    ...(buildRoot === undefined ? {} : { buildRoot }),
    ...isolation,
    ...parts.worker,
  })
  closings.add(() => worker[Symbol.asyncDispose]())
  const withoutNetwork = isolation.sandbox !== undefined
  const lookup = createActionLookup({
    cas,
    actionCache,
    checkPlatform: createPlatformCheck({ labels: platform, policy: platformPolicy, withoutNetwork, logger }),
    defaultTimeoutMs: defaultTimeout * 1000,
    maxTimeoutMs: maxTimeout * 1000,
  })
  const sampleRate = config.execution.determinismSampleRate
  const determinism = new DeterminismRecord(sampleRate)
  const spareTime = sampleRate === 0 ? undefined : new SpareTime(worker)
  const sampler = spareTime && new DeterminismSampler({ record: determinism, lookup, executor: spareTime, cas, logger })
  closings.add(() => sampler?.[Symbol.dispose]())
  const history = new ActionHistory()
  const recent = new RecentExecutions()
  const onCompleted = (operation: OperationState, request: ExecuteRequest) => {
    logExecution(logger, operation, request)
    recent.note(operation)
    history.note(operation)
    sampler?.note(operation)
    parts.onCompleted(operation, request)
  }
  const abandonAfterMs = abandonAfter * 1000
  const scheduler = new TaskScheduler({
    executor: spareTime ?? worker,
    lookup,
    queueSize,
    queueShare,
    abandonAfterMs,
    onCompleted,
  })
  const pin = pinActions({ store, actions: () => scheduler.underWay() })
  closings.add(() => pin[Symbol.dispose]())
  return { worker, history, determinism, recent, scheduler }
}
