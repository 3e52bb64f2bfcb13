import { type ActionCache, type ActionKey, Digest, reapi, SHA256 } from '@gorego/core'
import type { CachePath } from './cache-path.js'

/**
 * Before the instance: a segment that no client's instance name can have (RN-05), so nothing over gRPC ever leads here, nor
 * from here to what was checked.
 */
const APART = 'actionResults/'

/**
 * Values that only those who stored them understand, whatever bytes they are (ccache, Gradle). Each is a blob, evicted like any
 * other, and a result that has it for its output: so a value whose blob is gone is a miss, and a look at it is a use.
 */
export class OpaqueResults {
  readonly #actionCache: ActionCache

  /** `actionCache` must only return complete results (AC-02). */
  constructor(actionCache: ActionCache) {
    this.#actionCache = actionCache
  }

  /** The blob that the value is. */
  async get(path: CachePath, signal: AbortSignal): Promise<Digest | undefined> {
    const stored = await this.#actionCache.get(keyOf(path), signal)
    if (stored === undefined) return undefined
    const result = reapi.decode(reapi.ActionResult, stored, 'what leads to a stored value')
    return reapi.fromDigestMessage(SHA256, result.getStdoutDigest(), 'the digest of a stored value')
  }

  /** `value` must be a blob's SHA-256, and the blob be stored. */
  async put(path: CachePath, value: Digest, signal: AbortSignal): Promise<void> {
    const result = new reapi.ActionResult().setStdoutDigest(reapi.toDigestMessage(value))
    await this.#actionCache.put(keyOf(path), result.serializeBinary(), signal)
  }
}

/** Keys may be as long as they like to; whether they are hashes, and of what, is their owners' business. */
function keyOf({ instance, hash }: CachePath): ActionKey {
  return { instance: `${APART}${instance}`, action: Digest.ofBytes(SHA256, Buffer.from(hash)) }
}
