import { GoregoError } from '@gorego/core'
import { SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import type { EndedVisit } from '../http/visit-log.js'
import { labelAttributes } from './label-attributes.js'
import { contextFrom } from './trace-parent.js'

/** Of a path: what is longer is no key of anybody's. */
const LONGEST_PATH = 300

/**
 * A request to the cache over HTTP, with the attributes that OpenTelemetry's conventions have for it. By them what is the client's
 * doing, a miss among it, is no error of a server's span.
 */
export function visitSpan(tracer: Tracer, visit: EndedVisit): void {
  const { method, template, path, status, whole, caller, labels, traceparent, startedAt, thrown } = visit
  const now = Date.now()
  const startTime = now - (performance.now() - startedAt)
  const span = tracer.startSpan(`${method} ${template}`, { kind: SpanKind.SERVER, startTime }, contextFrom(traceparent))
  if (span.isRecording()) {
    span.setAttributes({
      'http.request.method': method,
      'http.route': template,
      'url.path': path.slice(0, LONGEST_PATH),
      ...(status === undefined ? {} : { 'http.response.status_code': status }),
      ...(caller === '' ? {} : { 'enduser.id': caller }),
      ...labelAttributes(labels),
    })
    if (!whole || status === undefined || status >= 500) {
      const message = thrown === undefined ? 'the client did not wait for the answer' : GoregoError.from(thrown).message
      span.setStatus({ code: SpanStatusCode.ERROR, message })
    }
  }
  span.end(now)
}
