import {
  type ActionCache,
  type ContentAddressableStorage,
  Digest,
  type DigestFunction,
  GoregoError,
  reapi,
} from '@gorego/core'
import { requestDigest } from '../wire/digests.js'
import { checkInstanceName } from '../wire/instance-name.js'
import { unary } from '../wire/method.js'
import { inlineContents, wantsInlining } from './inlining.js'
import { MAX_ACTION_RESULT_BYTES } from './limits.js'
import type { Service } from './service.js'

const SERVICE = '/build.bazel.remote.execution.v2.ActionCache'

export interface ActionCacheServiceOptions {
  /** Must only return complete results (AC-02). */
  readonly actionCache: ActionCache
  readonly cas: ContentAddressableStorage
}

export function actionCacheService({ actionCache, cas }: ActionCacheServiceOptions): Service {
  return [
    unary(`${SERVICE}/GetActionResult`, reapi.GetActionResultRequest.deserializeBinary, async (request, { signal }) => {
      const instance = checkInstanceName(request.getInstanceName())
      const action = requestDigest(request.getDigestFunction(), request.getActionDigest(), 'action_digest')
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
        const instance = checkInstanceName(request.getInstanceName())
        const action = requestDigest(request.getDigestFunction(), request.getActionDigest(), 'action_digest')
        const result = request.getActionResult()
        if (result === undefined) throw new GoregoError('invalid-argument', 'action_result is missing')
        checkResult(result, action.fn)
        await moveContentsToCas(result, action.fn, cas, signal)
        // AC-15, OR-10: a result of nothing but zeros would be no bytes at all, which looks like no result.
        if (result.serializeBinary().length === 0) {
          result.setExecutionMetadata(new reapi.ExecutedActionMetadata().setWorker('client'))
        }
        const stored = result.serializeBinary()
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

/** AC-10: what a client stores, others get. */
function checkResult(result: reapi.ActionResult, fn: DigestFunction): void {
  for (const file of result.getOutputFilesList()) {
    checkPath(file.getPath())
    reapi.fromDigestMessage(fn, file.getDigest(), `the digest of ${file.getPath()}`)
  }
  for (const directory of result.getOutputDirectoriesList()) {
    checkPath(directory.getPath())
    const digests = [directory.getTreeDigest(), directory.getRootDirectoryDigest()]
    if (digests.every((digest) => digest === undefined)) {
      throw new GoregoError(
        'invalid-argument',
        `the output directory ${directory.getPath()} has neither tree_digest nor root_directory_digest`,
      )
    }
    for (const digest of digests)
      if (digest !== undefined) reapi.fromDigestMessage(fn, digest, `the digest of ${directory.getPath()}`)
  }
  const links = [
    result.getOutputSymlinksList(),
    result.getOutputFileSymlinksList(),
    result.getOutputDirectorySymlinksList(),
  ]
  for (const link of links.flat()) checkPath(link.getPath())
  for (const digest of [result.getStdoutDigest(), result.getStderrDigest()]) {
    if (digest !== undefined) reapi.fromDigestMessage(fn, digest, 'the digest of stdout or stderr')
  }
}

function checkPath(path: string): void {
  if (!path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..')) return
  throw new GoregoError(
    'invalid-argument',
    `the output path ${JSON.stringify(path.slice(0, 200))} must be relative and must not lead up`,
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
    const digest = Digest.ofBytes(fn, bytes)
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
