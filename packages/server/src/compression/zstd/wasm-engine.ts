import { createRequire } from 'node:module'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { GoregoError } from '@gorego/core'
import { LEVEL, type ZstdEngine } from './zstd-engine.js'

/** Less than a millisecond of the event loop. */
const PIECE = 64 * 1024

const PACKAGE = '@bokuweb/zstd-wasm'

// It is CommonJS, and to import it would stop the event loop for twice as long, some 8 ms.
const require = createRequire(import.meta.url)

let loaded: Promise<typeof import('@bokuweb/zstd-wasm')> | undefined

/**
 * zstd as WebAssembly, an optional dependency: for Node before 22.15. Undefined where it is not installed. Loaded by the first
 * who compresses, which most servers never do.
 */
export function wasmEngine(): ZstdEngine | undefined {
  if (!isInstalled()) return undefined
  return {
    pieceBytes: PIECE,
    async compress(piece) {
      // The package has one program for the whole process: loading it again would pull it away from under whoever uses it.
      loaded ??= load()
      const wasm = await loaded
      await nextTurn()
      return wasm.compress(piece, LEVEL)
    },
  }
}

function isInstalled(): boolean {
  try {
    require.resolve(PACKAGE)
    return true
  } catch {
    return false
  }
}

async function load(): Promise<typeof import('@bokuweb/zstd-wasm')> {
  try {
    const wasm: typeof import('@bokuweb/zstd-wasm') = require(PACKAGE)
    await wasm.init()
    return wasm
  } catch (cause) {
    throw new GoregoError('failed-precondition', `zstd is announced, but ${PACKAGE} does not work: install it again`, {
      cause,
    })
  }
}
