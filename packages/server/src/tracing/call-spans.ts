import { GoregoError } from '@gorego/core'
import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import { PROBES } from '../wire/call-activity.js'
import type { CallContext } from '../wire/call-context.js'
import { type EndedCall, outcomeOf } from '../wire/call-log.js'
import { toCallStatus } from '../wire/status.js'
import { labelAttributes } from './label-attributes.js'
import { contextFrom, traceparentOf } from './trace-parent.js'

/** One span a call. Most are made when the call is over, so that nothing is done while it is served. */
export class CallSpans {
  readonly #tracer: Tracer
  readonly #begun = new WeakMap<CallContext, Span>()

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  begin(context: CallContext): string {
    const span = this.#start(context, context.path, Date.now())
    this.#begun.set(context, span)
    return traceparentOf(span)
  }

  ended(call: EndedCall): void {
    const { path, context, startedAt, thrown } = call
    if (path.startsWith(PROBES)) return
    const now = Date.now()
    const span = this.#begun.get(context) ?? this.#start(context, path, now - (performance.now() - startedAt))
    if (span.isRecording()) {
      const outcome = outcomeOf(call)
      const [, service = '', method = ''] = path.split('/')
      span.setAttributes({
        'rpc.system': 'grpc',
        // What was refused may have any name.
        ...(method === '' ? {} : { 'rpc.service': service, 'rpc.method': method }),
        'rpc.grpc.status_code': codeOf(outcome),
        ...(context.caller === '' ? {} : { 'enduser.id': context.caller }),
        ...labelAttributes(context.labels),
      })
      if (outcome !== 'ok') {
        const message = thrown === undefined ? outcome : GoregoError.from(thrown).message
        span.setStatus({ code: SpanStatusCode.ERROR, message })
      }
    }
    span.end(now)
  }

  #start(context: CallContext, path: string, startTime: number): Span {
    const name = path.startsWith('/') ? path.slice(1) : path
    return this.#tracer.startSpan(name, { kind: SpanKind.SERVER, startTime }, contextFrom(context.traceparent))
  }
}

function codeOf(outcome: ReturnType<typeof outcomeOf>): number {
  return outcome === 'ok' ? 0 : toCallStatus(new GoregoError(outcome, '')).code
}
