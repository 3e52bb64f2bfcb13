import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage } from '../proto/digests.js'
import { MAX_ACTION_BYTES } from '../proto/message-sizes.js'
import { Action } from '../proto/messages.js'

/**
 * The blobs that say what an action was: the Action and its Command, as far as they are there. Whoever stores a result is to have stored
 * them before (UpdateActionResult). For a client of a plain cache a key may be any digest, and name no Action at all.
 */
export async function actionBlobs(
  action: Digest,
  cas: ContentAddressableStorage,
  signal?: AbortSignal,
): Promise<Digest[]> {
  if (action.sizeBytes > MAX_ACTION_BYTES) return []
  try {
    const message = decode(Action, await cas.get(action, signal), `the Action ${action}`)
    const command = fromDigestMessage(action.fn, message.getCommandDigest(), "the Action's command_digest")
    const absent = await cas.findMissing([command], signal)
    return absent.length === 0 ? [action, command] : [action]
  } catch (error) {
    if (error instanceof GoregoError && (error.code === 'not-found' || error.code === 'invalid-argument')) return []
    throw error
  }
}
