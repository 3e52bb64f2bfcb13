import { type Clock, READ_CHUNK, systemClock } from '@gorego/core'

/** What is kept for the next chunks, of all downloads together: 8 MiB. */
const KEPT = 16

/** How often is looked whether there still are downloads. Twice that is less than what a process waits before it collects its garbage. */
const LOOK_EVERY_MS = 2_000

/**
 * Memory for chunks of blobs between disk and socket, used again and again while there are downloads. Fresh memory for each would cost more than the
 * reading: the system has to find and clear it, and the garbage collector runs whenever some megabytes have piled up.
 */
export class ChunkPool {
  readonly #clock: Clock
  #free: Buffer[] = []
  /** Chunks that are in use, by their memory. */
  readonly #lent = new WeakMap<ArrayBufferLike, Buffer>()
  /** Whether anything was lent since the last look. */
  #isUsed = false
  #isWatched = false

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  /** An `AllocateChunk`. */
  readonly allocate = (bytes: number): Buffer => {
    this.#isUsed = true
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(READ_CHUNK)
    this.#lent.set(buffer.buffer, buffer)
    return buffer.subarray(0, bytes)
  }

  /** For a chunk that nobody looks at any more. One that is not of this pool is none of its business. */
  release(chunk: Uint8Array): void {
    const buffer = this.#lent.get(chunk.buffer)
    if (buffer === undefined) return
    this.#lent.delete(chunk.buffer)
    if (this.#free.length >= KEPT) return
    this.#free.push(buffer)
    this.#watch()
  }

  /** Keeps nothing when there are no downloads any more. */
  #watch(): void {
    if (this.#isWatched) return
    this.#isWatched = true
    this.#isUsed = false
    this.#clock.after(LOOK_EVERY_MS, () => {
      this.#isWatched = false
      if (this.#isUsed) this.#watch()
      else this.#free = []
    })
  }
}
