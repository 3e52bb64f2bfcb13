import { type Digest, reapi } from '@gorego/core'
import { digestMessage } from './digest-message.js'

export const GET_ACTION_RESULT = '/build.bazel.remote.execution.v2.ActionCache/GetActionResult'
export const UPDATE_ACTION_RESULT = '/build.bazel.remote.execution.v2.ActionCache/UpdateActionResult'

export function getActionResultRequest(action: Digest): Buffer {
  return Buffer.from(new reapi.GetActionResultRequest().setActionDigest(digestMessage(action)).serializeBinary())
}

/** `result` is an encoded ActionResult: one serves any number of requests. */
export function updateActionResultRequest(action: Digest, result: Uint8Array): Buffer {
  return new reapi.MessageWriter().bytes(2, digestMessage(action).serializeBinary()).bytes(3, result).finish()
}
