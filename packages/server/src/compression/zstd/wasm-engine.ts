import { setImmediate as nextTurn } from 'node:timers/promises'
import { LEVEL, type ZstdEngine } from './zstd-engine.js'

/** Less than a millisecond of the event loop. */
const PIECE = 64 * 1024

let loaded: Promise<ZstdEngine | undefined> | undefined

/** zstd as WebAssembly, an optional dependency: for Node before 22.15. Undefined where it is not installed. */
export function wasmEngine(): Promise<ZstdEngine | undefined> {
  // The package has one program for the whole process: loading it again would pull it away from under whoever uses it.
  loaded ??= load()
  return loaded
}

async function load(): Promise<ZstdEngine | undefined> {
  try {
    const wasm = await import('@bokuweb/zstd-wasm')
    await wasm.init()
    return {
      pieceBytes: PIECE,
      async compress(piece) {
        await nextTurn()
        return wasm.compress(piece, LEVEL)
      },
    }
  } catch {
    return undefined
  }
}
