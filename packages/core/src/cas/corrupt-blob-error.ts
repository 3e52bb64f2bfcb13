import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'

/** A store that holds or sends something else than the blob that it was asked for. */
export class CorruptBlobError extends GoregoError {
  constructor(digest: Digest, why: string, cause?: unknown) {
    super('internal', `something else came as blob ${digest}: ${why}`, { cause })
  }
}
