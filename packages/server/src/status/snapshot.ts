import type { ActiveTask, Activity, ContentAddressableStorage, OperationState, OutputDifference } from '@gorego/core'
import type { DeterminismRecord } from '../determinism/determinism-record.js'
import type { DeterminismFinding } from '../determinism/determinism-report.js'
import type { CacheCounts } from './cache-counts.js'
import { printedText } from './printed-text.js'
import type { EndedExecution, RecentExecutions } from './recent-executions.js'

/** An operation as a line says it. Times are in milliseconds since 1970. */
export interface OperationLine {
  readonly name: string
  readonly action: string
  readonly target?: string
  readonly mnemonic?: string
  readonly invocation?: string
}

export interface ActiveLine extends OperationLine {
  readonly since: number
  /** How many wait for it. */
  readonly operations: number
  readonly priority: number
}

export interface EndedLine extends OperationLine, Omit<EndedExecution, 'operation' | 'failed'> {}

export interface FailureLine extends EndedLine {
  /** The end of what it printed to standard error. */
  readonly stderr?: string
}

/** An action that did not do the same when it was run again. */
export interface FindingLine extends OperationLine {
  readonly foundAt: number
  readonly differences: readonly OutputDifference[]
  readonly truncated: boolean
}

/** How a server is just now: plain data, bounded, for people to look at. Counts are since the start. */
export interface StatusSnapshot {
  readonly startedAt: number
  /** Absent from a cache that executes nothing. */
  readonly execution?: {
    readonly slots: number
    readonly busy: number
    readonly waiting: number
    /** In the order in which they came; no more than `LINES` of each. */
    readonly running: readonly ActiveLine[]
    readonly queued: readonly ActiveLine[]
    readonly total: number
    readonly cached: number
    readonly failed: number
    /** The youngest first. */
    readonly recent: readonly EndedLine[]
    readonly failures: readonly FailureLine[]
    /** What came of running actions again; absent where that is not asked for. */
    readonly determinism?: {
      readonly same: number
      readonly different: number
      readonly dropped: number
      /** The youngest first. */
      readonly findings: readonly FindingLine[]
    }
  }
  readonly cache: CacheCounts
  /** The cache of another server behind this one's; absent where there is none. */
  readonly backing?: BackingLine
  readonly disk: {
    readonly blobs: number
    readonly bytes: number
    readonly maxBytes: number
    readonly evictions: number
    /** Of the file system; absent where it does not say. */
    readonly freeBytes?: number
  }
}

/** How it stands with the cache behind. */
export interface BackingLine {
  readonly target: string
  readonly answers: boolean
  /** Blobs and results that are still to go there, bytes of the blobs, and since when the oldest waits. */
  readonly pending: number
  readonly pendingBytes: number
  readonly since?: number
}

/** What a snapshot is taken of. */
export interface StatusSources {
  readonly startedAt: number
  readonly engine:
    | {
        readonly scheduler: {
          readonly load: { readonly queued: number; readonly running: number; readonly slots: number }
          activity(most: number): Activity
        }
        readonly recent: RecentExecutions
        readonly determinism: DeterminismRecord
      }
    | undefined
  readonly cas: ContentAddressableStorage
  readonly cacheCounts: () => Promise<CacheCounts>
  readonly disk: () => Promise<StatusSnapshot['disk']>
  /** Absent where there is none. */
  readonly backing: (() => BackingLine) | undefined
}

export const LINES = 50

const FINDINGS = 20

const STDERR_BYTES = 2000

export async function takeSnapshot({
  startedAt,
  engine,
  cas,
  cacheCounts,
  disk,
  backing,
}: StatusSources): Promise<StatusSnapshot> {
  const [cache, usage] = await Promise.all([cacheCounts(), disk()])
  const behind = backing && { backing: backing() }
  if (engine === undefined) return { startedAt, cache, ...behind, disk: usage }
  const { scheduler, recent, determinism } = engine
  const failures = await Promise.all(recent.failures.map((failure) => failureLine(cas, failure)))
  const { running, queued } = scheduler.activity(LINES)
  const { total, cached, failed } = recent.counts
  const { slots, running: busy, queued: waiting } = scheduler.load
  const execution = {
    ...{ slots, busy, waiting, total, cached, failed },
    running: running.map((task) => activeLine(task, 'executing')),
    queued: queued.map((task) => activeLine(task, 'queued')),
    recent: recent.recent.map(endedLine),
    failures,
    ...(determinism.sampleRate > 0 && {
      determinism: { ...determinism.counts, findings: determinism.findings.slice(0, FINDINGS).map(findingLine) },
    }),
  }
  return { startedAt, execution, cache, ...behind, disk: usage }
}

function operationLine({ name, action, labels = {} }: OperationState): OperationLine {
  const { target, mnemonic, invocation } = labels
  return {
    ...{ name, action: String(action) },
    ...(target === undefined ? {} : { target }),
    ...(mnemonic === undefined ? {} : { mnemonic }),
    ...(invocation === undefined ? {} : { invocation }),
  }
}

function activeLine({ operation, operations, priority }: ActiveTask, stage: 'executing' | 'queued'): ActiveLine {
  const since = operation.enteredAt[stage] ?? operation.createdAt
  return { ...operationLine(operation), since, operations, priority }
}

function endedLine({ operation, failed: _, ...rest }: EndedExecution): EndedLine {
  return { ...operationLine(operation), ...rest }
}

function findingLine({ operation: name, action, ...rest }: DeterminismFinding): FindingLine {
  const { target, mnemonic, foundAt, differences, truncated } = rest
  const about = { ...(target !== undefined && { target }), ...(mnemonic !== undefined && { mnemonic }) }
  return { name, action: String(action), ...about, foundAt, differences, truncated }
}

/** What a failure printed, read once: it does not change, and may be evicted. */
const read = new WeakMap<EndedExecution, Promise<FailureLine>>()

function failureLine(cas: ContentAddressableStorage, failure: EndedExecution): Promise<FailureLine> {
  let line = read.get(failure)
  if (line === undefined) {
    line = withStderr(cas, failure)
    read.set(failure, line)
  }
  return line
}

async function withStderr(cas: ContentAddressableStorage, failure: EndedExecution): Promise<FailureLine> {
  const { action, outcome } = failure.operation
  const line = endedLine(failure)
  if (outcome?.result === undefined) return line
  const printed = await printedText(cas, action.fn, outcome.result, 'stderr', STDERR_BYTES).catch(() => undefined)
  return printed === undefined ? line : { ...line, stderr: printed.text }
}
