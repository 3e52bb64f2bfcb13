/** Maps values above 0 to a stretch of pixels so that equal factors are equal distances. */
export class LogScale {
  readonly #low: number
  readonly #high: number

  /** From the power of ten at or below the smallest value to the one at or above the largest. */
  constructor(
    values: readonly number[],
    private readonly from: number,
    private readonly to: number,
  ) {
    const some = values.filter((value) => value > 0)
    const known = some.length > 0 ? some : [1]
    this.#low = Math.floor(Math.log10(Math.min(...known)))
    this.#high = Math.max(this.#low + 1, Math.ceil(Math.log10(Math.max(...known))))
  }

  position(value: number): number {
    const share = (Math.log10(value) - this.#low) / (this.#high - this.#low)
    return this.from + share * (this.to - this.from)
  }

  /** The powers of ten. */
  get ticks(): number[] {
    return Array.from({ length: this.#high - this.#low + 1 }, (_, n) => 10 ** (this.#low + n))
  }

  get highest(): number {
    return 10 ** this.#high
  }
}
