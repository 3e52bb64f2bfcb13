import { Digest, type DigestFunctionSet, digestFunctions, GoregoError } from '@gorego/core'

/** A digest as a segment of a URL: `sha256-HASH-SIZE`. */
export const digestPath = ({ fn, hash, sizeBytes }: Digest): string => `${fn.name}-${hash}-${sizeBytes}`

/** What `digestPath` made; throws `invalid-argument` for anything else, and for functions that are not offered. */
export function digestOfPath(text: string, functions: DigestFunctionSet): Digest {
  const [, name, hash = '', size = ''] = /^([a-z0-9]+)-([0-9a-f]+)-(\d{1,15})$/.exec(text) ?? []
  const known = digestFunctions.find((fn) => fn.name === name)
  const fn = known && functions.ofValue(known.value)
  if (fn === undefined)
    throw new GoregoError(
      'invalid-argument',
      `${JSON.stringify(text.slice(0, 200))} is no digest: want sha256-HASH-SIZE`,
    )
  return Digest.of(fn, hash, Number(size))
}
