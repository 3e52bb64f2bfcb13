import {
  type ContentAddressableStorage,
  type DescribedAction,
  describeAction,
  GoregoError,
  outputsOf,
} from '@gorego/core'
import type { RecentAction } from './action-history.js'

export interface EarlierActionOptions {
  readonly cas: ContentAddressableStorage
  readonly action: DescribedAction
  /** Of the same target and mnemonic, the youngest first. */
  readonly candidates: readonly RecentAction[]
  /** When the action was asked for, in milliseconds since 1970; those that ended before it are better than those after. */
  readonly before: number
  readonly signal: AbortSignal
}

/** How many are read at a time. */
const READ_AT_ONCE = 8

/**
 * Which action an action took the place of: a target may have hundreds of one kind, one for each of its sources, and it is the
 * one that declares the same outputs. Those that are not in the store any more are passed over.
 */
export async function earlierAction({
  cas,
  action,
  candidates,
  before,
  signal,
}: EarlierActionOptions): Promise<RecentAction | undefined> {
  const others = candidates.filter(({ digest }) => digest.fn === action.digest.fn && !digest.equals(action.digest))
  const earlier = others.filter(({ endedAt }) => endedAt <= before)
  const later = others.filter(({ endedAt }) => endedAt > before).reverse()
  const ordered = [...earlier, ...later]
  const wanted = outputs(action)
  for (let at = 0; at < ordered.length; at += READ_AT_ONCE) {
    const some = ordered.slice(at, at + READ_AT_ONCE)
    const read = await Promise.all(some.map(({ digest }) => describeIfThere(cas, digest, signal)))
    const found = read.findIndex((other) => other !== undefined && outputs(other) === wanted)
    if (found >= 0) return some[found]
  }
  return undefined
}

/** Below its working directory, which is another one where a client has one for each action. */
function outputs({ command }: DescribedAction): string {
  return [...outputsOf(command).keys()].sort().join('\n')
}

async function describeIfThere(
  cas: ContentAddressableStorage,
  digest: RecentAction['digest'],
  signal: AbortSignal,
): Promise<DescribedAction | undefined> {
  try {
    return await describeAction(cas, digest, signal)
  } catch (error) {
    if (error instanceof GoregoError && error.code === 'not-found') return undefined
    throw error
  }
}
