import type { Duplex } from 'node:stream'
import * as zlib from 'node:zlib'

type Params = { readonly params: Readonly<Record<number, number>> }

/** As much of node:zlib as Node has from 22.15 on, and the types of Node 20 do not know. */
export interface NodeZstd {
  zstdCompress(bytes: Uint8Array, options: Params, done: (error: Error | null, compressed: Buffer) => void): void
  createZstdDecompress(options: Params & { readonly chunkSize: number }): Duplex
  readonly constants: { readonly ZSTD_c_compressionLevel: number; readonly ZSTD_d_windowLogMax: number }
}

/** Node's own zstd, which works in the thread pool; undefined where this Node has none. */
export function nodeZstd(): NodeZstd | undefined {
  const candidate = zlib as unknown as Partial<NodeZstd>
  return candidate.zstdCompress === undefined ? undefined : (candidate as NodeZstd)
}
