import { GoregoError } from '../errors/index.js'
import { Digest } from './digest.js'
import { digestFunctionNamed, digestFunctions } from './digest-functions.js'

/**
 * Reads what `String(digest)` writes: `hash/size`, where the length of the hash tells the function, or `function/hash/size`. A
 * function may have to be prepared before anything is hashed with it. Throws `invalid-argument`.
 */
export function parseDigest(text: string): Digest {
  const [, name, hash = '', size = ''] = /^(?:([a-z0-9]+)\/)?([0-9a-f]+)\/(\d{1,16})$/.exec(text) ?? []
  const fn =
    name === undefined
      ? digestFunctions.find(({ explicit, hashLength }) => !explicit && hashLength === hash.length)
      : digestFunctionNamed(name)
  if (fn === undefined)
    throw new GoregoError(
      'invalid-argument',
      `${JSON.stringify(text.slice(0, 140))} is no digest: want hash/size, or function/hash/size as in blake3/…/12`,
    )
  return Digest.of(fn, hash, Number(size))
}
