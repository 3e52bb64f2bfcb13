import * as assert from 'uvu/assert'
import type { CallFailure } from './raw-client.js'

/** What Bazel tries again, several times: no answer to what the client itself did wrong (GEN-06). */
export const RETRIED: readonly string[] = [
  'CANCELLED',
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'ABORTED',
  'INTERNAL',
  'UNAVAILABLE',
  'RESOURCE_EXHAUSTED',
]

/** `about`: which of several attempts it was. */
export function isCode({ code, message }: CallFailure, allowed: string | readonly string[], about = ''): void {
  const codes = typeof allowed === 'string' ? [allowed] : allowed
  const attempt = about === '' ? '' : `${about}: `
  assert.ok(codes.includes(code), `${attempt}want ${codes.join(' or ')}, got ${code} (${message})`)
}

export function isNotRetried({ code, message }: CallFailure, about = ''): void {
  const attempt = about === '' ? '' : `${about}: `
  assert.not(RETRIED.includes(code), `${attempt}${code}, which clients try again (${message})`)
}
