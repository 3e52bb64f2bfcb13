import type { ActionCache } from '../action-cache/index.js'
import { type ContentAddressableStorage, missingBlobs } from '../cas/index.js'
import { GoregoError } from '../errors/index.js'
import { decode } from '../proto/decode.js'
import { Action } from '../proto/messages.js'
import { durationToMillis } from '../proto/time.js'
import type { ActionLookup } from '../scheduler/index.js'

export interface ActionLookupOptions {
  readonly cas: ContentAddressableStorage
  /** Must only return complete results (EX-14). */
  readonly actionCache: ActionCache
  /** For Actions that set no timeout, in milliseconds (AN-02). Default one hour. */
  readonly defaultTimeoutMs?: number
  /** Longer ones are refused (AN-01). Default 24 h. */
  readonly maxTimeoutMs?: number
}

const HOUR_MS = 3_600_000

/** An Action is a handful of fields; a blob beyond this is something else. */
const MAX_ACTION_BYTES = 1024 * 1024

/** CACHE_CHECK: reads the Action, checks what can be checked before it runs, and looks for its result. */
export function createActionLookup(options: ActionLookupOptions): ActionLookup {
  const { cas, actionCache, defaultTimeoutMs = HOUR_MS, maxTimeoutMs = 24 * HOUR_MS } = options
  return async (request, signal) => {
    const { instance, action: digest } = request
    if (digest.sizeBytes > MAX_ACTION_BYTES) {
      throw new GoregoError('invalid-argument', `${digest} has ${digest.sizeBytes} bytes: too many for an Action`)
    }
    const action = decode(Action, await readAction(), `the Action ${digest}`)
    const timeoutMs = timeoutOf(action)
    if (action.getCommandDigest() === undefined)
      throw new GoregoError('invalid-argument', 'the Action has no command_digest')
    const doNotCache = action.getDoNotCache()
    if (!doNotCache && !request.skipCacheLookup) {
      const result = await actionCache.get({ instance, action: digest }, signal)
      if (result !== undefined) return { outcome: { result, cached: true } }
    }
    return { run: { instance, action: digest, doNotCache, timeoutMs } }

    async function readAction(): Promise<Uint8Array> {
      try {
        return await cas.get(digest, signal)
      } catch (error) {
        // EX-07: like any other input that is missing.
        if (error instanceof GoregoError && error.code === 'not-found') throw missingBlobs([digest])
        throw error
      }
    }
  }

  /** AN-01, AN-02, AN-04: zero counts as unset. */
  function timeoutOf(action: Action): number {
    const timeout = action.getTimeout()
    if (timeout === undefined) return Math.min(defaultTimeoutMs, maxTimeoutMs)
    let millis: number
    try {
      millis = durationToMillis(timeout)
    } catch (cause) {
      throw new GoregoError(
        'invalid-argument',
        `the Action's timeout is no valid duration: ${(cause as Error).message}`,
        { cause },
      )
    }
    if (millis < 0) throw new GoregoError('invalid-argument', `the Action's timeout is negative: ${millis / 1000} s`)
    if (millis > maxTimeoutMs) {
      throw new GoregoError(
        'invalid-argument',
        `the Action's timeout of ${millis / 1000} s is above the ${maxTimeoutMs / 1000} s that this server allows`,
      )
    }
    return millis === 0 ? Math.min(defaultTimeoutMs, maxTimeoutMs) : millis
  }
}
