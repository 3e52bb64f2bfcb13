/** Lets a few at a time through; the others wait in line. */
export class Turns {
  readonly #waiting = new Set<() => void>()
  #free: number

  constructor(atOnce: number) {
    this.#free = atOnce
  }

  /** Does it when it is the caller's turn. Rejects without doing it when aborted before. */
  async run<T>(action: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    if (this.#free > 0) this.#free--
    else await this.#wait(signal)
    try {
      return await action()
    } finally {
      this.#next()
    }
  }

  #wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = () => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = () => {
        this.#waiting.delete(go)
        reject(signal?.reason)
      }
      this.#waiting.add(go)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }

  #next(): void {
    const [first] = this.#waiting
    if (first === undefined) {
      this.#free++
      return
    }
    this.#waiting.delete(first)
    first()
  }
}
