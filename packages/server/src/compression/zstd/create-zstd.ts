import { reapi } from '@gorego/core'
import type { Compressor } from '../compressor.js'
import { compress } from './compress.js'
import { decompress } from './decompress.js'
import { MemoryBudget } from './memory-budget.js'
import { nodeEngine } from './node-engine.js'
import { wasmEngine } from './wasm-engine.js'
import type { ZstdEngine } from './zstd-engine.js'

/** What all that is being decompressed may keep together to refer back to: more than 100 uploads with usual windows of 2 MiB. */
const MEMORY = 512 * 1024 * 1024

/** zstd, with whatever compresses here; undefined where nothing does. */
export function createZstd(): Compressor | undefined {
  const engine = nodeEngine() ?? wasmEngine()
  return engine === undefined ? undefined : zstdWith(engine)
}

export function zstdWith(engine: ZstdEngine): Compressor {
  const budget = new MemoryBudget(MEMORY)
  return {
    name: 'zstd',
    value: reapi.Compressor.Value.ZSTD,
    compress: (content) => compress(content, engine),
    decompress: (compressed) => decompress(compressed, budget, engine.decodeFrame),
  }
}
