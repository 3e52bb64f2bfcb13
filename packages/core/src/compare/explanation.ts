import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { compareActions } from './compare-actions.js'
import type { Comparison } from './difference.js'

/** An action, and how it differs from the one before it. */
export interface ActionExplanation {
  readonly action: Digest
  /** Absent where there is none before it. */
  readonly previous?: Digest
  /** When the previous one ended the last time, in milliseconds since 1970. */
  readonly previousAt?: number
  /** Empty where there is nothing to compare with. */
  readonly comparison: Comparison
}

/** An action and the one before it, and the store that has them. */
export interface ExplainActionOptions {
  readonly cas: ContentAddressableStorage
  readonly action: Digest
  readonly previous: { readonly digest: Digest; readonly endedAt: number } | undefined
  /** As for `compareActions`. */
  readonly maxDifferences?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** There is nothing to compare, or nothing to say of it. */
export const NOTHING: Comparison = { differences: [], truncated: false, unknown: [] }

/** Compares an action with the one before it. Throws what `compareActions` throws. */
export async function explainAction(options: ExplainActionOptions): Promise<ActionExplanation> {
  const { cas, action, previous, maxDifferences, signal } = options
  if (previous === undefined) return { action, comparison: NOTHING }
  const comparison = await compareActions({
    cas,
    before: previous.digest,
    after: action,
    ...(maxDifferences === undefined ? {} : { maxDifferences }),
    ...(signal === undefined ? {} : { signal }),
  })
  return { action, previous: previous.digest, previousAt: previous.endedAt, comparison }
}
