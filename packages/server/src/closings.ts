/** What is to be closed when something ends or could not be opened after all: the last thing that was opened is the first to go. */
export class Closings {
  readonly #closings: ((boundMs: number) => unknown)[] = []

  /** `boundMs`: how long it may take, where it has something to finish. */
  add(close: (boundMs: number) => unknown): void {
    this.#closings.push(close)
  }

  async close(boundMs: number): Promise<void> {
    for (const close of this.#closings.splice(0).reverse()) await close(boundMs)
  }
}
