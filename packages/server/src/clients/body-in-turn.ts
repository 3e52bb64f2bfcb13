import type { HeldBytes } from './held-bytes.js'

/** What comes of a body at once, mostly. */
const PIECE = 64 * 1024

/** The body of a request, each piece taken in its turn, and given back when the next one is asked for. */
export async function* bodyInTurn(body: AsyncIterable<Uint8Array>, up: HeldBytes): AsyncGenerator<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      await up.take(PIECE)
      up.awaitClient(true)
      const next = await iterator.next()
      up.awaitClient(false)
      up.settle(PIECE, next.done ? 0 : next.value.length)
      if (next.done) return
      yield next.value
      up.give(next.value.length)
    }
  } finally {
    await iterator.return?.()
  }
}
