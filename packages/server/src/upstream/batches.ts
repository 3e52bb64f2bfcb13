import { GoregoError } from '@gorego/core'

export interface BatchesOptions<Item, Answer> {
  /** What became of each, in their order; throws what is true of all. */
  readonly send: (items: readonly Item[], signal: AbortSignal) => Promise<readonly (Answer | GoregoError)[]>
  /** Items go together only with those of the same kind. */
  readonly kindOf: (item: Item) => unknown
  readonly sizeOf: (item: Item) => number
}

interface Waiting<Item, Answer> {
  readonly item: Item
  readonly bytes: number
  readonly maxBytes: number
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
  /** Called when its asker leaves. */
  left: () => void
}

/** So many batches are under way at a time; what comes meanwhile goes into the next one. */
const AT_ONCE = 2

const MOST_ITEMS = 1_000

/**
 * Many small requests as few large ones. Nothing waits for company: what comes while a place is free is sent at once, with what comes in
 * the same turn of the event loop, and while none is, requests gather. Whoever leaves leaves the others alone.
 */
export class Batches<Item, Answer> {
  readonly #options: BatchesOptions<Item, Answer>
  readonly #waiting = new Set<Waiting<Item, Answer>>()
  #underWay = 0

  constructor(options: BatchesOptions<Item, Answer>) {
    this.#options = options
  }

  /** `maxBytes`: what all of a batch may have. Throws what becomes of the item, what is true of its batch, and `signal.reason` once that is aborted. */
  async add(item: Item, maxBytes: number, signal?: AbortSignal): Promise<Answer> {
    signal?.throwIfAborted()
    let leave = () => {}
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const waiting: Waiting<Item, Answer> = {
          item,
          bytes: this.#options.sizeOf(item),
          maxBytes,
          resolve,
          reject,
          left: () => this.#waiting.delete(waiting),
        }
        leave = () => {
          waiting.left()
          reject(signal?.reason)
        }
        signal?.addEventListener('abort', leave, { once: true })
        this.#waiting.add(waiting)
        queueMicrotask(() => this.#next())
      })
    } finally {
      signal?.removeEventListener('abort', leave)
    }
  }

  #next(): void {
    while (this.#underWay < AT_ONCE) {
      const batch = this.#take()
      if (batch.length === 0) return
      this.#underWay++
      void this.#send(batch)
    }
  }

  /** The first, and of what fits beside it those that follow. */
  #take(): Waiting<Item, Answer>[] {
    const batch: Waiting<Item, Answer>[] = []
    const [first] = this.#waiting
    if (first === undefined) return batch
    const kind = this.#options.kindOf(first.item)
    let room = first.maxBytes
    for (const waiting of this.#waiting) {
      if (this.#options.kindOf(waiting.item) !== kind) continue
      if (batch.length > 0 && (waiting.bytes > room || batch.length === MOST_ITEMS)) break
      room -= waiting.bytes
      this.#waiting.delete(waiting)
      batch.push(waiting)
    }
    return batch
  }

  async #send(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    const abort = new AbortController()
    let waiting = batch.length
    for (const each of batch)
      each.left = () => {
        if (--waiting === 0) abort.abort(new GoregoError('cancelled', 'nobody waits for any of the batch'))
      }
    try {
      const items = batch.map(({ item }) => item)
      const answers = await this.#options.send(items, abort.signal)
      for (const [n, { resolve, reject }] of batch.entries()) {
        const answer = answers[n]
        if (answer instanceof GoregoError) reject(answer)
        else resolve(answer as Answer)
      }
    } catch (error) {
      // One failure, however many hear of it.
      for (const { reject } of batch) reject(error)
    } finally {
      this.#underWay--
      this.#next()
    }
  }
}
