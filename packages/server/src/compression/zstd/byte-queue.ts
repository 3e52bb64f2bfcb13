/** Bytes that come in chunks of any size, taken in pieces of the sizes that a format asks for. */
export class ByteQueue {
  readonly #chunks: AsyncIterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array(0)
  #at = 0

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** The next bytes, as many as asked for, or fewer at the end. A view where they came in one chunk. */
  async take(count: number): Promise<Buffer> {
    if (this.#at + count <= this.#chunk.length) return this.#cut(count)
    const pieces: Buffer[] = []
    for (let missing = count; missing > 0 && (await this.#more()); ) {
      const piece = this.#cut(Math.min(missing, this.#chunk.length - this.#at))
      missing -= piece.length
      pieces.push(piece)
    }
    return pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces)
  }

  /** Passes over bytes without keeping them; how many there were, which is fewer at the end. */
  async skip(count: number): Promise<number> {
    let missing = count
    while (missing > 0 && (await this.#more()))
      missing -= this.#cut(Math.min(missing, this.#chunk.length - this.#at)).length
    return count - missing
  }

  /** Tells whoever sends that nothing more is wanted; does not wait for what is still to come from there. */
  close(): void {
    this.#chunks.return?.()?.catch(() => {})
  }

  async #more(): Promise<boolean> {
    while (this.#at >= this.#chunk.length) {
      const next = await this.#chunks.next()
      if (next.done) return false
      this.#chunk = next.value
      this.#at = 0
    }
    return true
  }

  #cut(count: number): Buffer {
    const { buffer, byteOffset } = this.#chunk
    const piece = Buffer.from(buffer, byteOffset + this.#at, count)
    this.#at += count
    return piece
  }
}
