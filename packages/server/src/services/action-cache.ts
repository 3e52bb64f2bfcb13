import {
  type ActionCache,
  type ContentAddressableStorage,
  type DigestFunction,
  digestInTurns,
  GoregoError,
  reapi,
} from '@gorego/core'
import type { Dialect } from '../wire/dialect.js'
import { requestDigest } from '../wire/digests.js'
import { unary } from '../wire/method.js'
import { checkActionResult } from './check-action-result.js'
import { inlineContents, wantsInlining } from './inlining.js'
import { MAX_ACTION_RESULT_BYTES } from './limits.js'
import { requireAction } from './require-action.js'
import type { Service } from './service.js'

const SERVICE = '/build.bazel.remote.execution.v2.ActionCache'

export interface ActionCacheServiceOptions extends Dialect {
  /** Must only return complete results (AC-02). */
  readonly actionCache: ActionCache
  readonly cas: ContentAddressableStorage
  /** Whether clients may store results (AC-12). Default true. */
  readonly updates?: boolean
  /** Whether the Action and the Command of a result must have been uploaded (AC-09). Default false. */
  readonly requireAction?: boolean
}

export function actionCacheService(options: ActionCacheServiceOptions): Service {
  const { checkInstance, actionCache, cas, functions, updates = true } = options
  return [
    unary(`${SERVICE}/GetActionResult`, reapi.GetActionResultRequest.deserializeBinary, async (request, { signal }) => {
      const instance = checkInstance(request.getInstanceName())
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
    unary(
      `${SERVICE}/UpdateActionResult`,
      reapi.UpdateActionResultRequest.deserializeBinary,
      async (request, { signal }) => {
        const instance = checkInstance(request.getInstanceName())
        const action = requestDigest(functions, request.getDigestFunction(), request.getActionDigest(), 'action_digest')
        const result = request.getActionResult()
        if (result === undefined) throw new GoregoError('invalid-argument', 'action_result is missing')
        if (!updates) throw updatesAreOff()
        checkActionResult(result, action.fn)
        if (options.requireAction) await requireAction(action, cas, signal)
        await moveContentsToCas(result, action.fn, cas, signal)
        // AC-15, OR-10: a result of nothing but zeros would be no bytes at all, which looks like no result.
        let stored = result.serializeBinary()
        if (stored.length === 0) {
          stored = result.setExecutionMetadata(new reapi.ExecutedActionMetadata().setWorker('client')).serializeBinary()
        }
        if (stored.length > MAX_ACTION_RESULT_BYTES) {
          throw new GoregoError(
            'invalid-argument',
            `the result has ${stored.length} bytes, more than the ${MAX_ACTION_RESULT_BYTES} that are kept; use output directories for many files`,
          )
        }
        await actionCache.put({ instance, action }, stored, signal)
        return stored
      },
    ),
  ]
}

/** AC-12 */
function updatesAreOff(): GoregoError {
  return new GoregoError(
    'permission-denied',
    'this server takes no action results from clients (action_cache.updates is false); only what it executes is cached',
  )
}

/** AC-05, AC-11: results stay small, and every reader finds contents in the same place. */
async function moveContentsToCas(
  result: reapi.ActionResult,
  fn: DigestFunction,
  cas: ContentAddressableStorage,
  signal: AbortSignal,
): Promise<void> {
  const store = async (bytes: Uint8Array) => {
    const digest = await digestInTurns(fn, bytes)
    await cas.write(digest, bytes, signal)
    return reapi.toDigestMessage(digest)
  }
  const stdout = result.getStdoutRaw_asU8()
  const stderr = result.getStderrRaw_asU8()
  if (stdout.length > 0) result.setStdoutDigest(await store(stdout)).setStdoutRaw('')
  if (stderr.length > 0) result.setStderrDigest(await store(stderr)).setStderrRaw('')
  for (const file of result.getOutputFilesList()) {
    const contents = file.getContents_asU8()
    if (contents.length === 0) continue
    await cas.write(reapi.fromDigestMessage(fn, file.getDigest(), `the digest of ${file.getPath()}`), contents, signal)
    file.setContents('')
  }
}
