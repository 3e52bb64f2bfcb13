import { GoregoError } from '../errors/index.js'
import type { Digest } from './digest.js'

/** Content that is not what its digest promises (BW-05, BU-03, DIG-02). */
export function digestMismatch(expected: Digest, actualHash: string, actualSize: number): GoregoError {
  const actual =
    actualSize === expected.sizeBytes ? `has the ${expected.fn.name} hash ${actualHash}` : `has ${actualSize} bytes`
  return new GoregoError('invalid-argument', `the content sent as blob ${expected} ${actual}`)
}

/** Hashes a stream of bytes against the digest that it must have, refusing the first byte too many (BW-06). */
export class DigestingCheck {
  readonly #expected: Digest
  readonly #hasher
  #size = 0

  constructor(expected: Digest) {
    this.#expected = expected
    this.#hasher = expected.fn.createHasher()
  }

  update(bytes: Uint8Array): void {
    this.#size += bytes.length
    if (this.#size > this.#expected.sizeBytes) {
      throw new GoregoError(
        'invalid-argument',
        `more than the ${this.#expected.sizeBytes} bytes of blob ${this.#expected} were sent`,
      )
    }
    this.#hasher.update(bytes)
  }

  /** Throws `invalid-argument` unless everything that was promised came. */
  finish(): void {
    const hash = this.#hasher.digest()
    if (this.#size !== this.#expected.sizeBytes || hash !== this.#expected.hash) {
      throw digestMismatch(this.#expected, hash, this.#size)
    }
  }
}
