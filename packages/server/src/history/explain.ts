import {
  type ActionExplanation,
  type ContentAddressableStorage,
  type Digest,
  describeAction,
  explainAction,
  GoregoError,
  type OperationState,
} from '@gorego/core'
import type { History, RecentAction } from './action-history.js'
import { earlierAction } from './earlier-action.js'

/** An action, and the one that it is compared with. */
export interface Explanation extends ActionExplanation {
  readonly target?: string
  readonly mnemonic?: string
}

export interface ExplainOptions {
  readonly cas: ContentAddressableStorage
  readonly history: History
  readonly maxDifferences?: number
  readonly signal: AbortSignal
}

/**
 * Why an operation was not answered with the result of the action before: what differs from the last one of the same target and mnemonic
 * that declares the same outputs. Throws `failed-precondition` where nobody said for which target it was, and what `compareActions` throws.
 */
export async function explainOperation(
  { instance, action, labels = {}, createdAt }: OperationState,
  options: ExplainOptions,
): Promise<Explanation> {
  const { target, mnemonic } = labels
  if (target === undefined)
    throw new GoregoError(
      'failed-precondition',
      'who asked for this operation did not say for which target (in RequestMetadata), so there is nothing to compare it with; name another action',
    )
  const candidates = await options.history.recent({ instance, target, mnemonic: mnemonic ?? '' })
  return await explainAsked({ action, target, mnemonic, before: createdAt, candidates }, options)
}

/** The same for the youngest action of a target. Throws `not-found` where none is remembered. */
export async function explainTarget(
  { instance, target, mnemonic }: { instance: string; target: string; mnemonic?: string },
  options: ExplainOptions,
): Promise<Explanation> {
  const query = mnemonic === undefined ? { instance, target } : { instance, target, mnemonic }
  const all = await options.history.recent(query)
  const [youngest] = all
  if (youngest === undefined)
    throw new GoregoError(
      'not-found',
      `no action of target ${JSON.stringify(target.slice(0, 300))}${mnemonic === undefined ? '' : ` and mnemonic ${JSON.stringify(mnemonic.slice(0, 300))}`} was executed since the server started; targets are named as the client does, such as //app:main`,
    )
  const candidates = all.filter((other) => other.mnemonic === youngest.mnemonic)
  const asked = { action: youngest.digest, target, mnemonic: youngest.mnemonic, before: youngest.endedAt, candidates }
  return await explainAsked(asked, options)
}

interface Asked {
  readonly action: Digest
  readonly target: string
  readonly mnemonic: string | undefined
  readonly before: number
  readonly candidates: readonly RecentAction[]
}

async function explainAsked(asked: Asked, { cas, maxDifferences, signal }: ExplainOptions): Promise<Explanation> {
  const { action, target, mnemonic = '', before, candidates } = asked
  const described = await describeAction(cas, action, signal)
  const previous = await earlierAction({ cas, action: described, candidates, before, signal })
  return { ...(await explainAction({ cas, action, previous, maxDifferences, signal })), target, mnemonic }
}
