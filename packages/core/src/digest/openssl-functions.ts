import { createHash, hash } from 'node:crypto'
import { GoregoError } from '../errors/index.js'
import type { DigestFunction, DigestFunctionName } from './digest-function.js'

/** Those that Node computes itself, named as OpenSSL names them. Their hashes have different lengths, so none needs to be named. */
function opensslFunction(name: Exclude<DigestFunctionName, 'blake3'>, value: number, bits: number): DigestFunction {
  return {
    name,
    value,
    hashLength: bits / 4,
    explicit: false,
    async prepare() {
      try {
        createHash(name)
      } catch (cause) {
        throw new GoregoError('failed-precondition', `the OpenSSL of this Node does without ${name}`, { cause })
      }
    },
    createHasher() {
      const hasher = createHash(name)
      return { update: (bytes) => void hasher.update(bytes), digest: () => hasher.digest('hex') }
    },
    hash(bytes) {
      return hash(name, bytes, 'hex')
    },
  }
}

/** SHA-256, the function that every client and server has. */
export const SHA256: DigestFunction = opensslFunction('sha256', 1, 256)
/** SHA-384. */
export const SHA384: DigestFunction = opensslFunction('sha384', 5, 384)
/** SHA-512. */
export const SHA512: DigestFunction = opensslFunction('sha512', 6, 512)
/** Collisions have been made: for clients that have nothing better. */
export const SHA1: DigestFunction = opensslFunction('sha1', 2, 160)
/** Collisions are made in seconds: for clients that have nothing better. */
export const MD5: DigestFunction = opensslFunction('md5', 3, 128)
