import type { Digest } from '../digest/index.js'
import { type ErrorCode, GoregoError } from '../errors/index.js'

/** How many of the missing blobs the message for people names; the details name them all. */
const NAMED = 3

/** A blob that was asked for by its digest and is absent (BR-01). */
export function blobNotFound(digest: Digest): GoregoError {
  return new GoregoError('not-found', `blob ${digest} is not in the content-addressable storage`)
}

/** EX-06: an action whose inputs are not all there; one MISSING subject a blob, so that the client can upload them all. */
export function missingBlobs(
  missing: readonly Digest[],
  what = 'the action needs',
  code: ErrorCode = 'failed-precondition',
): GoregoError {
  const subjects = missing.map((digest) => `blobs/${digest}`)
  const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : ''
  return new GoregoError(
    code,
    `${what} ${missing.length === 1 ? 'a blob' : 'blobs'} that the content-addressable storage does not have: ${subjects.slice(0, NAMED).join(', ')}${more}`,
    { details: [{ kind: 'missing-blobs', subjects }] },
  )
}
