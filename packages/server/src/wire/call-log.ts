import { type ErrorCode, GoregoError, type Logger } from '@gorego/core'
import type { CallContext } from './call-context.js'

/** A call that is over. */
export interface EndedCall {
  readonly path: string
  readonly context: CallContext
  /** Since when, by `performance.now()`. */
  readonly startedAt: number
  /** What its handler threw, if anything. */
  readonly thrown?: unknown
}

/** What came of a call: `ok`, or the code of the error. */
export function outcomeOf({ context, thrown }: Pick<EndedCall, 'context' | 'thrown'>): ErrorCode | 'ok' {
  if (context.cancelled) return 'cancelled'
  return thrown === undefined ? 'ok' : GoregoError.from(thrown).code
}

/** Is told of every call when it is over. */
export type CallLog = (call: EndedCall) => void

/** Tells all that there are; undefined where there is none. */
export function tellAll(...logs: readonly (CallLog | undefined)[]): CallLog | undefined {
  const [first, ...others] = logs.filter((log) => log !== undefined)
  if (first === undefined || others.length === 0) return first
  return (call) => {
    first(call)
    for (const log of others) log(call)
  }
}

export interface CallLogOptions {
  readonly logger: Logger
  /** Whether calls that are nobody's fault are worth a line: there can be ten thousand a second. */
  readonly everyCall: boolean
}

/** RM-02: each call at `debug` with who made it and why, and at `error` what was a fault of ours. */
export function createCallLog({ logger, everyCall }: CallLogOptions): CallLog {
  return ({ path, context, startedAt, thrown }) => {
    const error = thrown === undefined ? undefined : GoregoError.from(thrown)
    // The client gets the sentence, the log what a developer needs.
    if (error?.code === 'internal' && !context.cancelled) {
      logger.error(`${path} failed`, { error: thrown, ...context.labels })
    } else if (everyCall) {
      logger.debug(path, {
        outcome: outcomeOf({ context, thrown }),
        ms: Math.round(performance.now() - startedAt),
        ...(error === undefined ? {} : { why: error.message }),
        ...context.labels,
      })
    }
  }
}
