import { type ContentAddressableStorage, type Digest, GoregoError, missingBlobs, reapi } from '@gorego/core'

/** AC-09: throws `failed-precondition`, with what is missing in its details, unless Action and Command are both stored. */
export async function requireAction(
  digest: Digest,
  cas: ContentAddressableStorage,
  signal: AbortSignal,
): Promise<void> {
  if (digest.sizeBytes > reapi.MAX_ACTION_BYTES) {
    throw new GoregoError('invalid-argument', `${digest} has ${digest.sizeBytes} bytes: too many for an Action`)
  }
  const action = reapi.decode(reapi.Action, await readAction(digest, cas, signal), `the Action ${digest}`)
  const command = reapi.fromDigestMessage(digest.fn, action.getCommandDigest(), "the Action's command_digest")
  const missing = await cas.findMissing([command], signal)
  if (missing.length > 0) throw missingBlobs(missing, 'the result is of an action that has')
}

async function readAction(digest: Digest, cas: ContentAddressableStorage, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await cas.get(digest, signal)
  } catch (error) {
    if (error instanceof GoregoError && error.code === 'not-found') {
      throw missingBlobs([digest], 'the result is of an action that has')
    }
    throw error
  }
}
