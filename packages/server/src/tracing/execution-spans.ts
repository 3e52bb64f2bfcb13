import type { ExecuteRequest, OperationState } from '@gorego/core'
import { SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import { executionPhases, type Period } from '../services/execution-phases.js'
import { labelAttributes } from './label-attributes.js'
import { contextFrom } from './trace-parent.js'

/** An operation that has completed, below the call that it began with, and below it where its time went. */
export function executionSpans(tracer: Tracer, operation: OperationState, { labels }: ExecuteRequest): void {
  const { name, instance, action, outcome, createdAt, enteredAt } = operation
  const { completed = createdAt } = enteredAt
  const parent = contextFrom(labels?.traceparent)
  const span = tracer.startSpan('execution', { startTime: createdAt }, parent)
  if (!span.isRecording()) return
  const { failure, result, cached = false } = outcome ?? {}
  const phases = result && executionPhases(result, cached)
  span.setAttributes({
    'gorego.operation': name,
    'gorego.instance': instance,
    'gorego.action_digest': String(action),
    'gorego.outcome': failure?.code ?? 'ok',
    'gorego.cached': cached,
    ...(phases === undefined ? {} : { 'gorego.exit_code': phases.exitCode }),
    ...labelAttributes(labels),
  })
  if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message })
  const below = trace.setSpan(parent, span)
  const periods: Record<string, Period> = { ...queued(operation), ...phases?.periods }
  for (const [phase, [start, end]] of Object.entries(periods))
    tracer.startSpan(phase, { startTime: start }, below).end(end)
  span.end(completed)
}

function queued({ createdAt, enteredAt }: OperationState): Record<string, Period> {
  const { completed = createdAt, executing = completed, queued } = enteredAt
  return queued === undefined ? {} : { queued: [queued, executing] }
}
