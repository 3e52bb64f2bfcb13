// zstd as a client has it, for tests of what goes over the wire compressed.
import { type RawClient, uploadName, writeRequest } from '@gorego/conformance/client'
import { type Digest, reapi } from '@gorego/core'
import { collect } from '@gorego/core/testing'
import { createZstd } from '../src/compression/zstd/create-zstd.js'

export const ZSTD = reapi.Compressor.Value.ZSTD

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function zstd() {
  const found = createZstd()
  if (found === undefined) throw new Error('the tests need zstd: Node 22.15, or @bokuweb/zstd-wasm installed')
  return found
}

/** Compressed; in a frame for each `pieceSize` bytes of content. */
export async function compressed(content: Uint8Array, pieceSize = content.length): Promise<Buffer> {
  return await collect((await zstd()).compress(cut(content, pieceSize)))
}

export async function decompressed(bytes: Uint8Array): Promise<Buffer> {
  return await collect((await zstd()).decompress(cut(bytes, 100_000)))
}

/** The name of a compressed upload. */
export function zstdUploadName(client: RawClient, digest: Digest): string {
  return uploadName(client, digest).replace('/blobs/', '/compressed-blobs/zstd/')
}

/** The requests of a Write of bytes that are compressed already; `offset` is where they begin in the blob (BW-03). */
export function* packedRequests(
  name: string,
  packed: Uint8Array,
  { offset = 0, chunkSize = 100_000, finish = true } = {},
): Generator<reapi.WriteRequest> {
  for (let at = 0; at === 0 || at < packed.length; at += chunkSize) {
    const data = packed.subarray(at, at + chunkSize)
    const last = finish && at + chunkSize >= packed.length
    yield writeRequest({ name: at === 0 ? name : '', offset: offset + at, data, finish: last })
  }
}
