import { setImmediate as nextTurn } from 'node:timers/promises'
import { GoregoError } from '../errors/index.js'
import { Digest } from './digest.js'
import type { DigestFunction, Hasher } from './digest-function.js'

/** Hashed at a time: 0.3 ms of SHA-256, 0.7 of MD5, which is the slowest. */
const BYTES_A_TURN = 512 * 1024

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
    this.#count(bytes)
    this.#hasher.update(bytes)
  }

  /** As `update`, for pieces of any size on a thread that has other things to do: after every 512 KiB they get a turn. */
  async updateInTurns(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) this.#count(piece)
    await hashInTurns(this.#hasher, pieces)
  }

  /** Throws `invalid-argument` unless everything that was promised came. */
  finish(): void {
    const hash = this.#hasher.digest()
    if (this.#size !== this.#expected.sizeBytes || hash !== this.#expected.hash) {
      throw digestMismatch(this.#expected, hash, this.#size)
    }
  }

  #count(bytes: Uint8Array): void {
    this.#size += bytes.length
    if (this.#size > this.#expected.sizeBytes) {
      throw new GoregoError(
        'invalid-argument',
        `more than the ${this.#expected.sizeBytes} bytes of blob ${this.#expected} were sent`,
      )
    }
  }
}

/** Finds the digest of a stream of bytes, of which there may be no more than so many. */
export class DigestingCount {
  readonly #fn: DigestFunction
  readonly #mostBytes: number
  readonly #hasher
  #size = 0

  constructor(fn: DigestFunction, mostBytes: number) {
    this.#fn = fn
    this.#mostBytes = mostBytes
    this.#hasher = fn.createHasher()
  }

  async updateInTurns(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) this.#size += piece.length
    if (this.#size > this.#mostBytes) {
      throw new GoregoError('invalid-argument', `more than ${this.#mostBytes} bytes were sent`)
    }
    await hashInTurns(this.#hasher, pieces)
  }

  finish(): Digest {
    return Digest.of(this.#fn, this.#hasher.digest(), this.#size)
  }
}

/** As `Digest.ofBytes`, for bytes of any size on a thread that has other things to do. */
export async function digestInTurns(fn: DigestFunction, bytes: Uint8Array): Promise<Digest> {
  const hasher = fn.createHasher()
  await hashInTurns(hasher, [bytes])
  return Digest.of(fn, hasher.digest(), bytes.length)
}

async function hashInTurns(hasher: Hasher, pieces: readonly Uint8Array[]): Promise<void> {
  let hashed = 0
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += BYTES_A_TURN) {
      if (hashed >= BYTES_A_TURN) {
        await nextTurn()
        hashed = 0
      }
      const part = piece.subarray(at, at + BYTES_A_TURN)
      hasher.update(part)
      hashed += part.length
    }
  }
}
