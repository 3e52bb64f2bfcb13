import { GoregoError, reapi } from '@gorego/core'
import type { Dialect } from '../wire/dialect.js'
import { requestDigest } from '../wire/digests.js'
import { whole } from '../wire/direct-method.js'
import { joined } from '../wire/message-splitter.js'
import { unary } from '../wire/method.js'
import { inlineContents, wantsInlining } from './inlining.js'
import type { Service } from './service.js'
import { type SentResult, type StoreResultOptions, storeResult, updatesAreOff } from './store-result.js'

const SERVICE = '/build.bazel.remote.execution.v2.ActionCache'

/** `actionCache` must only return complete results (AC-02). */
export interface ActionCacheServiceOptions extends Dialect, StoreResultOptions {
  /** Whether clients may store results (AC-12). Default true. */
  readonly updates?: boolean
}

export function actionCacheService(options: ActionCacheServiceOptions): Service {
  const { checkInstance, actionCache, cas, functions, updates = true } = options
  return [
    unary(`${SERVICE}/GetActionResult`, reapi.GetActionResultRequest.deserializeBinary, async (request, context) => {
      const { signal } = context
      const instance = checkInstance(request.getInstanceName(), context)
      const action = requestDigest(functions, request.getDigestFunction(), request.getActionDigest(), 'action_digest')
      const stored = await actionCache.get({ instance, action }, signal)
      // AC-01
      if (stored === undefined) throw new GoregoError('not-found', `no result is cached for action ${action}`)
      const hints = {
        stdout: request.getInlineStdout(),
        stderr: request.getInlineStderr(),
        files: request.getInlineOutputFilesList(),
      }
      if (!wantsInlining(hints)) return stored
      const result = reapi.decode(reapi.ActionResult, stored, 'the stored result')
      await inlineContents(result, hints, action.fn, cas, signal)
      return result
    }),
    whole(`${SERVICE}/UpdateActionResult`, 'everything', parseUpdate, async ({ request, result }, context) => {
      const { signal } = context
      const instance = checkInstance(request.getInstanceName(), context)
      const action = requestDigest(functions, request.getDigestFunction(), request.getActionDigest(), 'action_digest')
      if (result === undefined) throw new GoregoError('invalid-argument', 'action_result is missing')
      if (!updates) throw updatesAreOff()
      return await storeResult(options, { instance, action }, result, signal)
    }),
  ]
}

const ACTION_RESULT = 3

/** The result comes with its bytes, which are stored as they are. */
function parseUpdate(bytes: Uint8Array): {
  readonly request: reapi.UpdateActionResultRequest
  readonly result: SentResult | undefined
} {
  const request = reapi.UpdateActionResultRequest.deserializeBinary(bytes)
  const message = request.getActionResult()
  // A message that is there several times is one behind the other, which means the same.
  return { request, result: message && { message, bytes: joined([...reapi.fieldsOf(bytes, ACTION_RESULT)]) } }
}
