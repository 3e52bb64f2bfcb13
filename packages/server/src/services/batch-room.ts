import { GoregoError } from '@gorego/core'

import type { SentDigest } from '../wire/sent-digest.js'
import { toRpcStatus } from '../wire/status.js'
import { MAX_BATCH_BYTES, MAX_SENT_MESSAGE_BYTES } from './limits.js'

/** What one entry of a batch response takes besides its digest, data and the status' message: code, tags and lengths. */
const ENTRY_OVERHEAD = 32

const OK = new Uint8Array(0)

/** BU-02, RD-02: what the blobs of a batch may have together. */
export function checkTotal(bytes: number): void {
  if (bytes <= MAX_BATCH_BYTES) return
  throw new GoregoError(
    'invalid-argument',
    `the blobs of the batch have ${bytes} bytes, more than the ${MAX_BATCH_BYTES} that GetCapabilities says; use ByteStream for large ones`,
  )
}

/** RD-05: what is left of the response to a batch, for what there is to say of its entries besides their digests. */
export class BatchRoom {
  #left = MAX_SENT_MESSAGE_BYTES

  /** Throws `invalid-argument` where the digests alone are too much: with very many small blobs. */
  constructor(digests: readonly (SentDigest | undefined)[]) {
    for (const digest of digests) this.#left -= ENTRY_OVERHEAD + (digest?.bytes.length ?? 0)
    if (this.#left >= 0) return
    throw new GoregoError('invalid-argument', `${digests.length} blobs are too many for one batch`)
  }

  /** False if there is no room for so many bytes. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }

  /** An entry's google.rpc.Status; where there is no room for what it says, only its code is left. */
  status(error: GoregoError | undefined): Uint8Array {
    if (error === undefined) return OK
    const status = toRpcStatus(error)
    const encoded = status.serializeBinary()
    return this.take(encoded.length) ? encoded : status.setMessage('').clearDetailsList().serializeBinary()
  }
}

/** BU-01: each entry has its own fate. Undefined where all went well. */
export async function fateOf(work: () => Promise<void>): Promise<GoregoError | undefined> {
  try {
    await work()
    return undefined
  } catch (thrown) {
    return GoregoError.from(thrown)
  }
}
