import type { Digest } from '../digest/index.js'

type Ask = (digests: readonly Digest[], signal?: AbortSignal) => Promise<Digest[]>

interface Waiting {
  readonly digests: readonly Digest[]
  readonly resolve: (missing: Digest[]) => void
  readonly reject: (error: unknown) => void
}

/** So many questions are under way at a time; what is asked meanwhile goes into the next one. */
const AT_ONCE = 4

/**
 * Many small questions for what is missing as few large ones: while some are under way, those that come are gathered. One that
 * nobody waits for any more is asked all the same, for the others in it.
 */
export class GatheredLookUps {
  readonly #ask: Ask
  /** By digest function: servers take one kind in a question. */
  readonly #waiting = new Map<string, Waiting[]>()
  #asking = 0

  constructor(ask: Ask) {
    this.#ask = ask
  }

  async findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    signal?.throwIfAborted()
    const [first] = digests
    if (first === undefined) return []
    if (digests.some(({ fn }) => fn !== first.fn)) return await this.#eachFunction(digests, signal)
    let leave = () => {}
    try {
      return await new Promise<Digest[]>((resolve, reject) => {
        leave = () => reject(signal?.reason)
        signal?.addEventListener('abort', leave, { once: true })
        const waiting = this.#waiting.get(first.fn.name)
        if (waiting === undefined) this.#waiting.set(first.fn.name, [{ digests, resolve, reject }])
        else waiting.push({ digests, resolve, reject })
        // What is asked in the same turn of the event loop goes together, too.
        queueMicrotask(() => this.#next())
      })
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }

  async #eachFunction(digests: readonly Digest[], signal: AbortSignal | undefined): Promise<Digest[]> {
    const functions = [...new Set(digests.map(({ fn }) => fn))]
    const asked = functions.map((fn) => digests.filter((digest) => digest.fn === fn))
    const missing = await Promise.all(asked.map((some) => this.findMissing(some, signal)))
    const absent = new Set(missing.flat().map(({ key }) => key))
    return digests.filter(({ key }) => absent.delete(key))
  }

  #next(): void {
    if (this.#asking >= AT_ONCE) return
    for (const [fn, waiting] of this.#waiting) {
      this.#waiting.delete(fn)
      this.#asking++
      void this.#answer(waiting)
      return
    }
  }

  async #answer(waiting: readonly Waiting[]): Promise<void> {
    try {
      const missing = await this.#ask(waiting.flatMap(({ digests }) => digests))
      const absent = new Set(missing.map(({ key }) => key))
      for (const { digests, resolve } of waiting) {
        const own = new Set(absent)
        resolve(waiting.length === 1 ? missing : digests.filter(({ key }) => own.delete(key)))
      }
    } catch (error) {
      for (const { reject } of waiting) reject(error)
    } finally {
      this.#asking--
      this.#next()
    }
  }
}
