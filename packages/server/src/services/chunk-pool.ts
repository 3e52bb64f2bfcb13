import { READ_CHUNK } from '@gorego/core'

/** What is kept for the next chunks, of all downloads together: 8 MiB. */
const KEPT = 16

/**
 * Memory for chunks of blobs between disk and socket, used again and again. Fresh memory for each would cost more than the
 * reading: the system has to find and clear it, and the garbage collector runs whenever some megabytes have piled up.
 */
export class ChunkPool {
  readonly #free: Buffer[] = []
  /** Chunks that are in use, by their memory. */
  readonly #lent = new WeakMap<ArrayBufferLike, Buffer>()

  /** An `AllocateChunk`. */
  readonly allocate = (bytes: number): Buffer => {
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(READ_CHUNK)
    this.#lent.set(buffer.buffer, buffer)
    return buffer.subarray(0, bytes)
  }

  /** For a chunk that nobody looks at any more. One that is not of this pool is none of its business. */
  release(chunk: Uint8Array): void {
    const buffer = this.#lent.get(chunk.buffer)
    if (buffer === undefined) return
    this.#lent.delete(chunk.buffer)
    if (this.#free.length < KEPT) this.#free.push(buffer)
  }
}
