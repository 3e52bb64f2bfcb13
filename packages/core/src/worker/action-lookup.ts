import type { ActionCache } from '../action-cache/index.js'
import { type ContentAddressableStorage, missingBlobs } from '../cas/index.js'
import { GoregoError } from '../errors/index.js'
import { createPlatformCheck, type PlatformCheck, wantsNetwork } from '../platform/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage } from '../proto/digests.js'
import { MAX_ACTION_BYTES, MAX_COMMAND_BYTES } from '../proto/message-sizes.js'
import { Action } from '../proto/messages.js'
import { durationToMillis } from '../proto/time.js'
import type { ActionLookup } from '../scheduler/index.js'
import { requestedPlatform } from './requested-platform.js'

/** What a look-up reads from, and the bounds that it sets to timeouts, in milliseconds. */
export interface ActionLookupOptions {
  readonly cas: ContentAddressableStorage
  /** Must only return complete results (EX-14). */
  readonly actionCache: ActionCache
  /** For Actions that set no timeout, in milliseconds (AN-02). Default one hour. */
  readonly defaultTimeoutMs?: number
  /** Longer ones are refused (AN-01). Default 24 h. */
  readonly maxTimeoutMs?: number
  /** What can be run at all (EX-09). Default: what this machine says of itself, with the standard policy. */
  readonly checkPlatform?: PlatformCheck
}

const HOUR_MS = 3_600_000

/**
 * CACHE_CHECK: reads the Action, checks what can be checked before it runs, and looks for its result. A cached result is
 * good whatever the Action asks for in a worker: it needs none.
 */
export function createActionLookup(options: ActionLookupOptions): ActionLookup {
  const { cas, actionCache, defaultTimeoutMs = HOUR_MS, maxTimeoutMs = 24 * HOUR_MS } = options
  const { checkPlatform = createPlatformCheck() } = options
  return async (request, signal) => {
    const { instance, action: digest } = request
    if (digest.sizeBytes > MAX_ACTION_BYTES) {
      throw new GoregoError('invalid-argument', `${digest} has ${digest.sizeBytes} bytes: too many for an Action`)
    }
    const action = decode(Action, await readAction(), `the Action ${digest}`)
    const timeoutMs = timeoutOf(action)
    const command = fromDigestMessage(digest.fn, action.getCommandDigest(), "the Action's command_digest")
    if (command.sizeBytes > MAX_COMMAND_BYTES) {
      throw new GoregoError('invalid-argument', `${command} has ${command.sizeBytes} bytes: too many for a Command`)
    }
    const doNotCache = action.getDoNotCache()
    if (!doNotCache && !request.skipCacheLookup) {
      const result = await actionCache.get({ instance, action: digest }, signal)
      if (result !== undefined) return { outcome: { result, cached: true } }
    }
    const platform = await requestedPlatform(action, command, cas, signal)
    checkPlatform(platform)
    const network = wantsNetwork(platform)
    const inputRoot = fromDigestMessage(digest.fn, action.getInputRootDigest(), "the Action's input_root_digest")
    return { run: { instance, action: digest, inputRoot, doNotCache, timeoutMs, ...(network ? { network } : {}) } }

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
