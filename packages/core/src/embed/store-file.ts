import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { ContentAddressableStorage } from '../cas/index.js'
import { Digest, type DigestFunction, digestInTurns } from '../digest/index.js'

/** Up to this size a file is read once and sent from memory; larger ones are read twice, to hash and to send. */
const IN_MEMORY = 1024 * 1024

const CHUNK = 256 * 1024

/** A file of this machine. */
export interface FileToStore {
  readonly path: string
  /** About, in bytes. */
  readonly size: number
  /** Is told, of a large file, what becomes of it, and with how many of its bytes that was done. Must not throw. */
  readonly onProgress?: (stage: 'hashing' | 'sending', bytes: number) => void
}

/** Stores a file, unless the store has its content already. */
export async function storeFile(
  cas: ContentAddressableStorage,
  fn: DigestFunction,
  { path, size, onProgress = () => {} }: FileToStore,
  signal?: AbortSignal,
): Promise<Digest> {
  if (size <= IN_MEMORY) return await storeBytes(cas, fn, await readFile(path, { signal }), signal)
  const hasher = fn.createHasher()
  let hashed = 0
  for await (const chunk of readChunks(path, signal)) {
    hasher.update(chunk)
    hashed += chunk.length
    onProgress('hashing', hashed)
  }
  const digest = Digest.of(fn, hasher.digest(), hashed)
  if ((await cas.findMissing([digest], signal)).length > 0) await cas.write(digest, sent(), signal)
  return digest

  async function* sent(): AsyncGenerator<Uint8Array> {
    let bytes = 0
    for await (const chunk of readChunks(path, signal)) {
      yield chunk
      bytes += chunk.length
      onProgress('sending', bytes)
    }
  }
}

/** Stores bytes, unless the store has them already. */
export async function storeBytes(
  cas: ContentAddressableStorage,
  fn: DigestFunction,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<Digest> {
  const digest = await digestInTurns(fn, bytes)
  if ((await cas.findMissing([digest], signal)).length > 0) await cas.write(digest, bytes, signal)
  return digest
}

function readChunks(path: string, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  return createReadStream(path, { highWaterMark: CHUNK, signal })
}
