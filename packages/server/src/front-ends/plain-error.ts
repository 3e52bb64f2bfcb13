import { type ErrorCode, type ErrorDetail, GoregoError } from '@gorego/core'

/** A GoregoError as JSON can say it. */
export interface PlainError {
  readonly code: ErrorCode
  readonly message: string
  readonly details: readonly ErrorDetail[]
  /** Of what is a fault of ours, for the log of the side that hears of it. */
  readonly stack?: string
}

export function toPlainError(thrown: unknown): PlainError {
  const error = GoregoError.from(thrown)
  const { code, message, details } = error
  if (code !== 'internal') return { code, message, details }
  const { stack = message } = error.cause instanceof Error ? error.cause : error
  return { code, message, details, stack }
}

export function fromPlainError({ code, message, details, stack }: PlainError): GoregoError {
  const error = new GoregoError(code, message, { details })
  if (stack !== undefined) error.stack = stack
  return error
}
