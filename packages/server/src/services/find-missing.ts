import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ContentAddressableStorage, GoregoError } from '@gorego/core'
import type { CallContext } from '../wire/call-context.js'
import type { Dialect } from '../wire/dialect.js'
import { noSuchHash, requestFunction } from '../wire/digests.js'
import { encodeMissing, FindMissingRequest } from '../wire/find-missing-messages.js'
import { MAX_FIND_MISSING_BYTES } from './limits.js'

/** How many digests are read and looked for before other work gets a turn: about a millisecond. */
const DIGESTS_A_TURN = 2000

export interface FindMissingOptions extends Dialect {
  readonly cas: ContentAddressableStorage
}

/** FM-05. The length is looked at first: parsing takes its time. */
export function parseFindMissing(bytes: Uint8Array): FindMissingRequest | 'too large' {
  return bytes.length > MAX_FIND_MISSING_BYTES ? 'too large' : FindMissingRequest.parse(bytes)
}

/** FindMissingBlobs, a part of the request after the other. */
export async function findMissing(
  { cas, functions, checkInstance }: FindMissingOptions,
  request: FindMissingRequest | 'too large',
  context: CallContext,
): Promise<Buffer> {
  if (request === 'too large') {
    throw new GoregoError(
      'invalid-argument',
      'the digests of one FindMissingBlobs may have 4 MiB, which is enough for 25,000 of any function',
    )
  }
  checkInstance(request.instanceName, context)
  const { signal } = context
  const { first } = request
  const fn = requestFunction(functions, request.digestFunction, [first])
  // FM-03
  if (first === undefined) return Buffer.alloc(0)
  if (fn === undefined) throw noSuchHash(first.hash, 'blob_digests')
  const parts: Buffer[] = []
  const told = new Set<string>()
  for (const digests of request.digests(fn, DIGESTS_A_TURN)) {
    if (parts.length > 0) await nextTurn(undefined, { signal })
    const missing = await cas.findMissing(digests, signal)
    // FM-01: the store tells each once, of what it is asked at a time.
    const untold = told.size === 0 ? missing : missing.filter(({ key }) => !told.has(key))
    if (digests.length === DIGESTS_A_TURN) for (const { key } of untold) told.add(key)
    parts.push(encodeMissing(untold))
  }
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
}
