import { GoregoError } from '../errors/index.js'
import { BLAKE3 } from './blake3.js'
import type { DigestFunction, DigestFunctionName } from './digest-function.js'
import { MD5, SHA1, SHA256, SHA384, SHA512 } from './openssl-functions.js'

/**
 * Every function that gorego knows, the preferred one first and those last of which collisions are known. Whether a
 * process can compute one is what its `prepare` says.
 */
export const digestFunctions: readonly DigestFunction[] = [SHA256, BLAKE3, SHA384, SHA512, SHA1, MD5]

const byName = new Map<string, DigestFunction>(digestFunctions.map((fn) => [fn.name, fn]))

/** The function of that name, in lower case. Whether it can be used here is what its `prepare` says. */
export function digestFunctionNamed(name: string): DigestFunction | undefined {
  return byName.get(name)
}

/** A function that is ready for use. Throws `invalid-argument` for an unknown name, `failed-precondition` as `prepare` does. */
export async function loadDigestFunction(name: DigestFunctionName): Promise<DigestFunction> {
  const fn = digestFunctionNamed(name)
  if (fn === undefined) {
    const known = digestFunctions.map((each) => each.name).join(', ')
    throw new GoregoError('invalid-argument', `${JSON.stringify(name)} is no digest function; known are ${known}`)
  }
  await fn.prepare()
  return fn
}
