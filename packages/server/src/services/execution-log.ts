import type { ExecuteRequest, Logger, OperationState, Stage } from '@gorego/core'
import { executionPhases } from './execution-phases.js'

/** What the phases of an execution are called in a line of the log. */
const PHASES = { stage: 'stagedMs', run: 'ranMs', collect: 'collectedMs' } as const

/**
 * One line an execution: what came of it, for whom, how long it was in each stage, and what it used (RM-02). At `info`, because it is
 * what somebody looks for who asks why a build was slow; what is a fault of ours at `error`.
 */
export function logExecution(logger: Logger, operation: OperationState, { labels }: ExecuteRequest): void {
  const { name, instance, action, outcome } = operation
  const { failure, result, resources, cached = false } = outcome ?? {}
  const level = failure?.code === 'internal' ? 'error' : 'info'
  logger[level]('executed', {
    operation: name,
    digest: String(action),
    ...(instance === '' ? {} : { instance }),
    outcome: failure?.code ?? 'ok',
    ...(failure === undefined ? {} : { why: failure.message }),
    ...(result === undefined ? {} : resultFields(result, cached)),
    cached,
    ...stageTimes(operation),
    ...resources,
    ...labels,
  })
}

/** In milliseconds. A stage ends where the next one that there was begins. */
export function stageTimes({ enteredAt, createdAt }: OperationState): Record<string, number> {
  const { completed = createdAt, executing = completed, queued = executing } = enteredAt
  const reached = (stage: Stage, name: string, ms: number) => (enteredAt[stage] === undefined ? {} : { [name]: ms })
  return {
    lookupMs: queued - createdAt,
    ...reached('queued', 'queuedMs', executing - queued),
    ...reached('executing', 'executingMs', completed - executing),
  }
}

function resultFields(result: Uint8Array, cached: boolean): Record<string, number> {
  const { exitCode, periods } = executionPhases(result, cached)
  const times = Object.entries(PHASES).flatMap(([phase, name]) => {
    const period = periods[phase as keyof typeof PHASES]
    return period === undefined ? [] : [[name, Math.round(period[1] - period[0])] as const]
  })
  return { exitCode, ...Object.fromEntries(times) }
}
