import { type Digest, type DigestFunction, type DigestFunctionSet, GoregoError, reapi } from '@gorego/core'
import type { SentDigest } from './sent-digest.js'

/**
 * DIG-04, DIG-06: the one function of a request: the one that it names, or else the one that the first hash looks like
 * that looks like any. Undefined where none does; what to say of such a hash is for `digestOf`. Throws
 * `invalid-argument` for a function that is not offered (GEN-08).
 */
export function requestFunction(
  functions: DigestFunctionSet,
  value: number,
  digests: Iterable<{ readonly hash: string } | undefined>,
): DigestFunction | undefined {
  if (value === reapi.DigestFunction.Value.UNKNOWN) {
    for (const digest of digests) {
      const fn = functions.ofLength(digest?.hash.length ?? 0)
      if (fn !== undefined) return fn
    }
    return undefined
  }
  const fn = functions.ofValue(value)
  if (fn !== undefined) return fn
  throw new GoregoError(
    'invalid-argument',
    `digest_function ${value} is not one that this server advertises, which are ${functions.names}`,
  )
}

/** For a digest whose request has no function, because no hash in it looks like one. */
export function noSuchHash(hash: string, what: string): GoregoError {
  return new GoregoError(
    'invalid-argument',
    `${what}: ${JSON.stringify(hash.slice(0, 140))} looks like no hash of a digest function that this server advertises; if it is one, name the function`,
  )
}

/** A required digest (GEN-01), of the function of its request. */
export function digestOf(fn: DigestFunction | undefined, sent: SentDigest | undefined, what: string): Digest {
  if (sent === undefined) throw new GoregoError('invalid-argument', `${what} is missing`)
  if (fn === undefined) throw noSuchHash(sent.hash, what)
  return sent.toDigest(fn)
}

/** The required digest of a request that has one. */
export function requestDigest(
  functions: DigestFunctionSet,
  functionValue: number,
  message: reapi.Digest | undefined,
  what: string,
): Digest {
  if (message === undefined) throw new GoregoError('invalid-argument', `${what} is missing`)
  const fn = requestFunction(functions, functionValue, [{ hash: message.getHash() }])
  if (fn === undefined) throw noSuchHash(message.getHash(), what)
  return reapi.fromDigestMessage(fn, message, what)
}
