import { createHash, type Hash, randomFillSync } from 'node:crypto'
import { writeRequest } from '../wire/byte-stream.js'
import { NUMBER_BYTES, numberBytes } from './distinct-blobs.js'

export const MIB = 1024 * 1024
export const LARGE_BYTES = 64 * MIB

export interface LargeUpload {
  readonly hash: string
  readonly sizeBytes: number
  readonly messages: Iterable<Buffer>
}

/**
 * Uploads of some MiB in messages of 1 MiB. Any number of different ones: they share all messages but the first, which
 * has the name, and the last, which makes the difference.
 */
export class LargeUploads {
  readonly #sizeBytes: number
  readonly #chunk = randomFillSync(Buffer.alloc(MIB))
  readonly #hashOfBody: Hash
  readonly #middle: Buffer[] = []

  constructor(sizeBytes = LARGE_BYTES) {
    this.#sizeBytes = sizeBytes
    const hash = createHash('sha256')
    for (let offset = 0; offset < sizeBytes - MIB; offset += MIB) {
      hash.update(this.#chunk)
      if (offset > 0) this.#middle.push(writeRequest({ offset, data: this.#chunk, last: false }))
    }
    this.#hashOfBody = hash.update(this.#chunk.subarray(NUMBER_BYTES))
  }

  make(number: number): LargeUpload {
    const tail = numberBytes(number)
    const blob = { hash: this.#hashOfBody.copy().update(tail).digest('hex'), sizeBytes: this.#sizeBytes }
    const first = writeRequest({ blob, offset: 0, data: this.#chunk, last: false })
    const data = Buffer.concat([this.#chunk.subarray(NUMBER_BYTES), tail])
    const last = writeRequest({ offset: this.#sizeBytes - MIB, data, last: true })
    return { ...blob, messages: [first, ...this.#middle, last] }
  }
}
