import { GoregoError } from '../errors/index.js'
import type { DigestFunction, Hasher } from './digest-function.js'

/** What we use of hash-wasm: one instance, which holds the state of one hash. */
interface WasmHasher {
  init(): unknown
  update(bytes: Uint8Array): unknown
  digest(): string
  save(): Uint8Array
  load(state: Uint8Array): unknown
}

let createHasher: (() => Hasher) | undefined
let preparation: Promise<void> | undefined

/**
 * BLAKE3 of 256 bits, by WebAssembly from the optional package hash-wasm. Loaded by the first `prepare`, in some 10 ms,
 * because most programs never use it. Its hashes look like SHA-256's, so whoever uses it has to say so (DIG-05).
 */
export const BLAKE3: DigestFunction = {
  name: 'blake3',
  value: 9,
  hashLength: 64,
  explicit: true,
  prepare() {
    preparation ??= load().then((loaded) => {
      createHasher = loaded
    })
    return preparation
  },
  createHasher() {
    if (createHasher !== undefined) return createHasher()
    throw new GoregoError('failed-precondition', 'blake3 is not loaded yet: await BLAKE3.prepare() first')
  },
  hash(bytes) {
    const hasher = BLAKE3.createHasher()
    hasher.update(bytes)
    return hasher.digest()
  },
}

async function load(): Promise<() => Hasher> {
  try {
    // Of hash-wasm this file alone: it has 21 KB, and bundlers take no more.
    const { default: wasm } = await import('hash-wasm/dist/blake3.umd.min.js')
    return takingTurns(await wasm.createBLAKE3())
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why =
      code === 'ERR_MODULE_NOT_FOUND'
        ? 'the optional package hash-wasm is not installed; npm install hash-wasm'
        : `hash-wasm does not work: ${message}`
    throw new GoregoError('failed-precondition', `blake3 cannot be computed here: ${why}`, { cause })
  }
}

/**
 * Any number of hashers with one WebAssembly instance, because making another is asynchronous and costs memory that is
 * never given back. Whoever comes to hash sets the state of the last one aside (2 KB, 3 µs).
 */
function takingTurns(wasm: WasmHasher): () => Hasher {
  let current: Turn | undefined
  interface Turn {
    state?: Uint8Array
    ended: boolean
  }
  const enter = (turn: Turn) => {
    if (turn.ended) throw new Error('digest() was called already')
    if (turn === current) return
    if (current !== undefined) current.state = wasm.save()
    if (turn.state === undefined) wasm.init()
    else wasm.load(turn.state)
    current = turn
  }
  return () => {
    const turn: Turn = { ended: false }
    return {
      update(bytes) {
        enter(turn)
        wasm.update(bytes)
      },
      digest() {
        enter(turn)
        turn.ended = true
        current = undefined
        return wasm.digest()
      },
    }
  }
}
