import { GoregoError } from '../errors/index.js'

/** Fields that may still be read, in a message and in the messages inside it together. */
export class FieldCount {
  readonly #most: number
  #left: number

  constructor(most: number) {
    this.#most = most
    this.#left = most
  }

  /** One was read. Throws `invalid-argument` if it is one too many. */
  take(): void {
    if (this.#left-- <= 0) throw tooManyFields(this.#most)
  }
}

export function tooManyFields(most: number): GoregoError {
  return new GoregoError('invalid-argument', `it has more than the ${most} fields that are read`)
}
