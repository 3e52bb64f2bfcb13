import type { Digest } from '@gorego/core'
import type { BuiltBlob } from '@gorego/core/testing'
import type { Connection } from '../wire/connection.js'
import { executeRequest } from '../wire/execute.js'
import { uploadBlobs } from '../wire/upload.js'

export interface NumberedAction {
  readonly digest: Digest
  readonly blobs: readonly BuiltBlob[]
}

/** Actions that are all different, built and uploaded before the clock runs. */
export class DistinctActions {
  readonly #connection: Connection
  readonly #make: (number: number) => NumberedAction
  readonly #requests: Buffer[] = []
  readonly #uploaded = new Set<string>()

  constructor(connection: Connection, make: (number: number) => NumberedAction) {
    this.#connection = connection
    this.#make = make
  }

  async prepare(from: number, to: number): Promise<void> {
    await uploadBlobs(this.#connection, this.#newBlobs(from, to))
  }

  request(number: number): Buffer {
    const request = this.#requests[number]
    if (request === undefined) throw new Error(`operation ${number} was not prepared`)
    return request
  }

  *#newBlobs(from: number, to: number): Generator<BuiltBlob> {
    for (let number = from; number < to; number++) {
      const { digest, blobs } = this.#make(number)
      this.#requests[number] = executeRequest(digest)
      for (const blob of blobs) {
        if (this.#uploaded.has(blob.digest.key)) continue
        this.#uploaded.add(blob.digest.key)
        yield blob
      }
    }
  }
}
