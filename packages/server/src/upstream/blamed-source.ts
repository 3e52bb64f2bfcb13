/** Chunks on their way through something that fails with its own errors and with theirs: afterwards it can be told whose an error was. */
export class BlamedSource implements AsyncIterable<Uint8Array> {
  readonly #chunks: AsyncIterable<Uint8Array>
  #error: { readonly thrown: unknown } | undefined

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks
  }

  /** Whether it was the chunks that threw this. */
  threw(error: unknown): boolean {
    return this.#error !== undefined && this.#error.thrown === error
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      yield* this.#chunks
    } catch (thrown) {
      this.#error = { thrown }
      throw thrown
    }
  }
}
