import type { ExecuteRequest, OperationState } from '@gorego/core'
import type { VisitLog } from '../http/visit-log.js'
import type { CallContext } from '../wire/call-context.js'
import type { CallLog } from '../wire/call-log.js'

/** Spans of what one process does, for a collector. */
export interface Tracing {
  /** Begins the span of a call whose span others will be below, and says what their `traceparent` is. */
  begin(context: CallContext): string
  /** Every call is a span, made when it is over unless it has begun before. */
  readonly ended: CallLog
  /** So is every request to the cache over HTTP. */
  readonly visited: VisitLog
  /** An operation, with what it waited for and did. */
  executed(operation: OperationState, request: ExecuteRequest): void
  /** Sends what was not sent yet, within a bound. */
  close(boundMs: number): Promise<void>
}
