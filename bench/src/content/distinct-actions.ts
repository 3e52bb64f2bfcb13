import type { Connection } from '../wire/connection.js'
import { executeRequest } from '../wire/execute.js'
import { uploadBlobs } from '../wire/upload.js'
import type { Blob, BuiltAction } from './build-action.js'

/** Actions that are all different, built and uploaded before the clock runs. */
export class DistinctActions {
  readonly #connection: Connection
  readonly #make: (number: number) => BuiltAction
  readonly #requests: Buffer[] = []
  readonly #uploaded = new Set<string>()

  constructor(connection: Connection, make: (number: number) => BuiltAction) {
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

  *#newBlobs(from: number, to: number): Generator<Blob> {
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
