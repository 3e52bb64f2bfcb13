import { READ_CHUNK } from '@gorego/core'
import type { HeldBytes } from './held-bytes.js'

/**
 * Chunks of a blob to send, each read in its turn. Who gets one gives it back when it has been sent.
 * `sizeBytes`: of all of them, where that is known.
 */
export async function* chunksInTurn(
  chunks: AsyncIterable<Uint8Array>,
  down: HeldBytes,
  sizeBytes = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  try {
    for (let left = sizeBytes; ; ) {
      const most = Math.min(READ_CHUNK, left)
      if (most > 0) await down.take(most)
      const next = await iterator.next()
      down.settle(most, next.done ? 0 : next.value.length)
      if (next.done) return
      left -= next.value.length
      yield next.value
    }
  } finally {
    await iterator.return?.()
  }
}
