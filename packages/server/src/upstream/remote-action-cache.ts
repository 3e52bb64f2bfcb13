import { type ActionCache, type ActionKey, GoregoError, reapi } from '@gorego/core'
import { MAX_ACTION_RESULT_BYTES } from '../services/limits.js'
import type { Caller } from './caller.js'

const ACTION_CACHE = '/build.bazel.remote.execution.v2.ActionCache'

/** The action cache of another server, over gRPC. What is asked for in any instance is asked there in one. */
export class RemoteActionCache implements ActionCache {
  readonly #caller: Caller
  readonly #instance: string

  constructor(caller: Caller, instance: string) {
    this.#caller = caller
    this.#instance = instance
  }

  async get({ action }: ActionKey, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const request = new reapi.GetActionResultRequest()
      .setInstanceName(this.#instance)
      .setActionDigest(reapi.toDigestMessage(action))
      .setDigestFunction(action.fn.value as reapi.DigestFunctionValue)
    try {
      const result = await this.#caller.unary(`${ACTION_CACHE}/GetActionResult`, request, (bytes) => bytes, signal)
      // Neither is one that could be kept here.
      return result.length > 0 && result.length <= MAX_ACTION_RESULT_BYTES ? result : undefined
    } catch (error) {
      if (error instanceof GoregoError && error.code === 'not-found') return undefined
      throw error
    }
  }

  async put({ action }: ActionKey, result: Uint8Array, signal?: AbortSignal): Promise<void> {
    const request = new reapi.UpdateActionResultRequest()
      .setInstanceName(this.#instance)
      .setActionDigest(reapi.toDigestMessage(action))
      .setDigestFunction(action.fn.value as reapi.DigestFunctionValue)
      .setActionResult(reapi.decode(reapi.ActionResult, result, 'the stored result'))
    await this.#caller.unary(`${ACTION_CACHE}/UpdateActionResult`, request, (bytes) => bytes, signal)
  }
}
