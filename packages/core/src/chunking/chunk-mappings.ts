import { Digest } from '../digest/index.js'

/** A chunk has no more than 4 MiB. */
const SIZE_BYTES = 4

/**
 * Which chunks blobs were cut into, in memory: what was asked for least recently goes first. Packed into some 36 bytes a
 * chunk, as blobs have thousands of them. To forget costs no more than to cut again.
 */
export class ChunkMappings {
  readonly #packed = new Map<string, Buffer>()
  readonly #maxBytes: number
  #bytes = 0

  /** Of all blobs together. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get(blob: Digest): Digest[] | undefined {
    const packed = this.#packed.get(blob.key)
    if (packed === undefined) return undefined
    this.#packed.delete(blob.key)
    this.#packed.set(blob.key, packed)
    return unpack(blob, packed)
  }

  set(blob: Digest, chunks: readonly Digest[]): void {
    this.#remove(blob.key)
    const packed = pack(blob, chunks)
    this.#packed.set(blob.key, packed)
    this.#bytes += packed.length
    for (const oldest of this.#packed.keys()) {
      if (this.#bytes <= this.#maxBytes) return
      this.#remove(oldest)
    }
  }

  #remove(key: string): void {
    const packed = this.#packed.get(key)
    if (packed === undefined) return
    this.#packed.delete(key)
    this.#bytes -= packed.length
  }
}

function pack({ fn }: Digest, chunks: readonly Digest[]): Buffer {
  const packed = Buffer.allocUnsafeSlow(chunks.length * (fn.hashLength / 2 + SIZE_BYTES))
  let at = 0
  for (const { hash, sizeBytes } of chunks) {
    at += packed.write(hash, at, 'hex')
    at = packed.writeUInt32LE(sizeBytes, at)
  }
  return packed
}

function unpack({ fn }: Digest, packed: Buffer): Digest[] {
  const hashBytes = fn.hashLength / 2
  const chunks: Digest[] = []
  for (let at = 0; at < packed.length; at += hashBytes + SIZE_BYTES) {
    const sizeAt = at + hashBytes
    chunks.push(Digest.of(fn, packed.toString('hex', at, sizeAt), packed.readUInt32LE(sizeAt)))
  }
  return chunks
}
