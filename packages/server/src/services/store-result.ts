import {
  type ActionCache,
  type ActionKey,
  type ContentAddressableStorage,
  type DigestFunction,
  digestInTurns,
  GoregoError,
  reapi,
} from '@gorego/core'
import { checkActionResult } from './check-action-result.js'
import { MAX_ACTION_RESULT_BYTES } from './limits.js'
import { requireAction } from './require-action.js'

export interface StoreResultOptions {
  readonly actionCache: ActionCache
  readonly cas: ContentAddressableStorage
  /** Whether the Action and the Command of a result must have been uploaded (AC-09). Default false. */
  readonly requireAction?: boolean
}

/** A client's ActionResult: the message, and the bytes that it came as. */
export interface SentResult {
  readonly message: reapi.ActionResult
  readonly bytes: Uint8Array
}

/** Keeps a client's result, if it can be one. Returns what is kept (AC-11): the bytes as they came, unless contents were in them. */
export async function storeResult(
  options: StoreResultOptions,
  key: ActionKey,
  { message: result, bytes }: SentResult,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { actionCache, cas } = options
  const { action } = key
  checkActionResult(result, action.fn)
  if (options.requireAction) await requireAction(action, cas, signal)
  const moved = await moveContentsToCas(result, action.fn, cas, signal)
  // AC-15, OR-10: a result of nothing but zeros would be no bytes at all, which looks like no result.
  let stored = moved ? result.serializeBinary() : bytes
  if (stored.length === 0) {
    stored = result.setExecutionMetadata(new reapi.ExecutedActionMetadata().setWorker('client')).serializeBinary()
  }
  if (stored.length > MAX_ACTION_RESULT_BYTES) {
    throw new GoregoError(
      'invalid-argument',
      `the result has ${stored.length} bytes, more than the ${MAX_ACTION_RESULT_BYTES} that are kept; use output directories for many files`,
    )
  }
  await actionCache.put(key, stored, signal)
  return stored
}

/** AC-12 */
export function updatesAreOff(): GoregoError {
  return new GoregoError(
    'permission-denied',
    'this server takes no action results from clients (action_cache.updates is false); only what it executes is cached',
  )
}

/** AC-05, AC-11: results stay small, and every reader finds contents in the same place. Tells whether there were any. */
async function moveContentsToCas(
  result: reapi.ActionResult,
  fn: DigestFunction,
  cas: ContentAddressableStorage,
  signal: AbortSignal,
): Promise<boolean> {
  let moved = false
  const store = async (bytes: Uint8Array) => {
    const digest = await digestInTurns(fn, bytes)
    await cas.write(digest, bytes, signal)
    moved = true
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
    moved = true
  }
  return moved
}
