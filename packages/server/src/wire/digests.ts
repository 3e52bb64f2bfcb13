import {
  type Digest,
  type DigestFunction,
  digestFunctionOfLength,
  digestFunctionOfValue,
  GoregoError,
  reapi,
} from '@gorego/core'

/** DIG-04, DIG-06, GEN-08: the one function of a request: the one that it names, or that of its hashes' length. */
export function requestFunction(value: number, anyHash: string | undefined): DigestFunction {
  if (value !== reapi.DigestFunction.Value.UNKNOWN) {
    const fn = digestFunctionOfValue(value)
    if (fn !== undefined) return fn
    throw new GoregoError('invalid-argument', `digest_function ${value} is not one that this server advertises`)
  }
  const fn = digestFunctionOfLength(anyHash?.length ?? 0)
  if (fn !== undefined) return fn
  throw new GoregoError(
    'invalid-argument',
    `${JSON.stringify((anyHash ?? '').slice(0, 140))} is no hash of a digest function that this server advertises`,
  )
}

/** A required digest of a request (GEN-01). */
export function requestDigest(functionValue: number, message: reapi.Digest | undefined, what: string): Digest {
  if (message === undefined) throw new GoregoError('invalid-argument', `${what} is missing`)
  return reapi.fromDigestMessage(requestFunction(functionValue, message.getHash()), message, what)
}

/** A list of digests, all of one function; an empty list needs none. */
export function requestDigests(functionValue: number, messages: readonly reapi.Digest[], what: string): Digest[] {
  const [first] = messages
  if (first === undefined) return []
  const fn = requestFunction(functionValue, first.getHash())
  return messages.map((message) => reapi.fromDigestMessage(fn, message, what))
}
