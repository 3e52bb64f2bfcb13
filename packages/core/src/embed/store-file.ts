import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { ContentAddressableStorage } from '../cas/index.js'
import { Digest, type DigestFunction, digestInTurns } from '../digest/index.js'

/** Up to this size a file is read once and sent from memory; larger ones are read twice, to hash and to send. */
const IN_MEMORY = 1024 * 1024

const CHUNK = 256 * 1024

/** Stores a file of this machine, of about that size, unless the store has its content already. */
export async function storeFile(
  cas: ContentAddressableStorage,
  fn: DigestFunction,
  path: string,
  size: number,
  signal?: AbortSignal,
): Promise<Digest> {
  if (size <= IN_MEMORY) return await storeBytes(cas, fn, await readFile(path, { signal }), signal)
  const hasher = fn.createHasher()
  let hashed = 0
  for await (const chunk of readChunks(path, signal)) {
    hasher.update(chunk)
    hashed += chunk.length
  }
  const digest = Digest.of(fn, hasher.digest(), hashed)
  if ((await cas.findMissing([digest], signal)).length > 0) await cas.write(digest, readChunks(path, signal), signal)
  return digest
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
