import { type Digest, type DigestFunction, type DigestFunctionSet, GoregoError, reapi } from '@gorego/core'

/**
 * DIG-04, DIG-06: the one function of a request: the one that it names, or else the one that the first hash looks like
 * that looks like any. Undefined where none does; what to say of such a hash is for `digestOf`. Throws
 * `invalid-argument` for a function that is not offered (GEN-08).
 */
export function requestFunction(
  functions: DigestFunctionSet,
  value: number,
  messages: readonly (reapi.Digest | undefined)[],
): DigestFunction | undefined {
  if (value === reapi.DigestFunction.Value.UNKNOWN) {
    for (const message of messages) {
      const fn = functions.ofLength(message?.getHash().length ?? 0)
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

/** A required digest (GEN-01), of the function of its request. */
export function digestOf(fn: DigestFunction | undefined, message: reapi.Digest | undefined, what: string): Digest {
  if (message === undefined) throw new GoregoError('invalid-argument', `${what} is missing`)
  if (fn !== undefined) return reapi.fromDigestMessage(fn, message, what)
  const hash = JSON.stringify(message.getHash().slice(0, 140))
  throw new GoregoError(
    'invalid-argument',
    `${what}: ${hash} looks like no hash of a digest function that this server advertises; if it is one, name the function`,
  )
}

/** The required digest of a request that has one. */
export function requestDigest(
  functions: DigestFunctionSet,
  functionValue: number,
  message: reapi.Digest | undefined,
  what: string,
): Digest {
  return digestOf(requestFunction(functions, functionValue, [message]), message, what)
}

/** A list of digests, all of one function (DIG-06). */
export function requestDigests(
  functions: DigestFunctionSet,
  functionValue: number,
  messages: readonly reapi.Digest[],
  what: string,
): Digest[] {
  const fn = requestFunction(functions, functionValue, messages.slice(0, 1))
  return messages.map((message) => digestOf(fn, message, what))
}
