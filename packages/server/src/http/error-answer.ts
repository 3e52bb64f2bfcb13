import { type ErrorCode, GoregoError } from '@gorego/core'
import { type Answer, plain } from './route.js'

/** What core's codes are in HTTP. */
const STATUSES: Record<ErrorCode, number> = {
  aborted: 409,
  'already-exists': 409,
  cancelled: 499,
  'deadline-exceeded': 504,
  'failed-precondition': 412,
  internal: 500,
  'invalid-argument': 400,
  'not-found': 404,
  'out-of-range': 416,
  'permission-denied': 403,
  'resource-exhausted': 503,
  unauthenticated: 401,
  unavailable: 503,
  unimplemented: 501,
}

/** What a caller gets to see of what went wrong: what is a fault of ours is in the log only. */
export function errorAnswer(thrown: unknown): Answer {
  const { code, message, details } = GoregoError.from(thrown)
  if (code === 'internal') return plain(500, 'something went wrong here; the log says what')
  const answer = plain(STATUSES[code], message)
  // Browsers ask for a password then.
  if (code === 'unauthenticated') return { ...answer, headers: { 'www-authenticate': 'Basic realm="gorego", Bearer' } }
  const retry = details.find((detail) => detail.kind === 'retry-after')
  return retry === undefined
    ? answer
    : { ...answer, headers: { 'retry-after': String(Math.ceil(retry.delayMs / 1000)) } }
}
