import { type Context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api'
import { parseTraceParent } from '@opentelemetry/core'

/** What a W3C `traceparent` says; one that is absent or garbled begins a new trace. */
export function contextFrom(traceparent: string | undefined): Context {
  const parent = traceparent === undefined ? null : parseTraceParent(traceparent)
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true })
}

export function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
}
