import { createHash } from 'node:crypto'
import { Digest, type DigestFunction, SHA256 } from '../digest/index.js'

/** Bytes together with their digest. */
export interface TestBlob {
  readonly digest: Digest
  readonly bytes: Uint8Array
}

/** A blob of that content; text is stored as UTF-8. */
export function blobOf(content: string | Uint8Array, fn: DigestFunction = SHA256): TestBlob {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return { digest: Digest.ofBytes(fn, bytes), bytes }
}

/** A blob of that size which looks random and yet is the same every time; another `seed` gives another blob. */
export function blobOfSize(sizeBytes: number, seed: string | number = 0, fn: DigestFunction = SHA256): TestBlob {
  const source = createHash('shake128', { outputLength: Math.max(1, sizeBytes) }).update(String(seed))
  return blobOf(source.digest().subarray(0, sizeBytes), fn)
}

/** The bytes as a stream of chunks; every chunk is a copy in the one buffer that is used again and again. */
export async function* inChunks(bytes: Uint8Array, chunkSize: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.alloc(chunkSize)
  for (let at = 0; at < bytes.length; at += chunkSize) {
    const part = bytes.subarray(at, at + chunkSize)
    buffer.set(part)
    yield buffer.subarray(0, part.length)
    // Whoever kept the chunk instead of copying it has something else now.
    buffer.fill(0xee)
  }
}

/** Everything that a stream yields, in one piece. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}
