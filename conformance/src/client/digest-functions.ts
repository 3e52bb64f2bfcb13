import { createHash } from 'node:crypto'
import { reapi } from '@gorego/core'

/** Functions whose hashes can be told apart by their length (DIG-04), with how Node calls them. */
export const BY_LENGTH = [
  { name: 'SHA1', algorithm: 'sha1' },
  { name: 'SHA384', algorithm: 'sha384' },
  { name: 'SHA512', algorithm: 'sha512' },
  { name: 'MD5', algorithm: 'md5' },
] as const

export interface HashedBlob {
  readonly digest: reapi.Digest
  readonly bytes: Uint8Array
}

export function hashed(algorithm: string, bytes: Uint8Array): HashedBlob {
  const hash = createHash(algorithm).update(bytes).digest('hex')
  return { bytes, digest: new reapi.Digest().setHash(hash).setSizeBytes(bytes.length) }
}

/** BLAKE3 has no implementation in Node; these are from its specification. */
export const BLAKE3_VECTORS = [
  { text: '', hash: 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262' },
  { text: 'abc', hash: '6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85' },
] as const
