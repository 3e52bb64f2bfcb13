import { reapi } from '@gorego/core'

export function rawDigest(hash: string, sizeBytes = 1): reapi.Digest {
  return new reapi.Digest().setHash(hash).setSizeBytes(sizeBytes)
}

/** Messages that are no digest of any function (DIG-01, DIG-03), with a word for each; `hash` is a good SHA-256 one. */
export function badDigests(hash: string): readonly (readonly [about: string, digest: reapi.Digest])[] {
  return [
    ['empty', new reapi.Digest()],
    ['capitals', rawDigest(`${hash.slice(0, -1)}A`)],
    ['one digit short', rawDigest(hash.slice(1))],
    ['one digit long', rawDigest(`${hash}0`)],
    ['no hexadecimal digit', rawDigest(`g${hash.slice(1)}`)],
    ['a path', rawDigest(`../../${hash.slice(6)}`)],
    ['a space', rawDigest(` ${hash.slice(1)}`)],
    ['negative size', rawDigest(hash, -1)],
  ]
}
