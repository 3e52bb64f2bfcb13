/**
 * Moments of one action in milliseconds since 1970, never going back: EM-01 wants them in order even where the system's
 * clock is set back in between.
 */
export class Stamps {
  #last: number

  constructor(since: number) {
    this.#last = since
  }

  now(): number {
    this.#last = Math.max(this.#last, Date.now())
    return this.#last
  }
}
