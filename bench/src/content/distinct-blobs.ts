import { createHash, type Hash, randomFillSync } from 'node:crypto'

export interface NamedBytes {
  readonly hash: string
  readonly sizeBytes: number
  readonly bytes: Buffer
}

/**
 * Any number of blobs of one size that no server has seen before. They differ in their last bytes only, so that hashing
 * one costs the load generator next to nothing.
 */
export class DistinctBlobs {
  readonly #body: Buffer
  readonly #hashOfBody: Hash

  constructor(sizeBytes: number) {
    this.#body = randomFillSync(Buffer.alloc(sizeBytes - NUMBER_BYTES))
    this.#hashOfBody = createHash('sha256').update(this.#body)
  }

  make(number: number): NamedBytes {
    const tail = numberBytes(number)
    const hash = this.#hashOfBody.copy().update(tail).digest('hex')
    const bytes = Buffer.concat([this.#body, tail])
    return { hash, sizeBytes: bytes.length, bytes }
  }
}

export const NUMBER_BYTES = 8

export function numberBytes(number: number): Buffer {
  const bytes = Buffer.alloc(NUMBER_BYTES)
  bytes.writeBigUInt64BE(BigInt(number))
  return bytes
}
