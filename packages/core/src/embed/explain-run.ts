import type { ContentAddressableStorage } from '../cas/index.js'
import { type ActionExplanation, explainAction, NOTHING } from '../compare/index.js'
import { GoregoError } from '../errors/index.js'
import type { Remembered, RememberedRun } from './remembered-runs.js'

/** Why the action of a name ran when it ran last. Plain data, but for the digests. */
export interface RunExplanation extends ActionExplanation {
  readonly name: string
  /**
   * `changed`: it was another action than the one before, and `comparison` says in what. `unchanged`: it was the same, and there was no
   * result: it had failed, was evicted, or none was to be kept or looked for (`doNotCache`, `refresh`). `first`: nothing was asked for under that name before.
   * `cached`: it never ran under that name, since its results were always there; `action` is the last one.
   */
  readonly reason: 'changed' | 'unchanged' | 'first' | 'cached'
  /** When it ended, in milliseconds since 1970; absent where it never ran. */
  readonly ranAt?: number
}

/** Blobs that are gone are named in the comparison. Throws what else reading from the store throws. */
export async function explainRun(
  name: string,
  { last, ran }: Remembered,
  cas: ContentAddressableStorage,
  signal?: AbortSignal,
): Promise<RunExplanation> {
  if (ran === undefined) return { name, reason: 'cached', action: last.digest, comparison: NOTHING }
  const { digest: action, endedAt: ranAt, after } = ran
  const about = { name, ranAt }
  if (after === undefined) return { ...about, reason: 'first', action, comparison: NOTHING }
  const reason = after.digest.equals(action) ? 'unchanged' : 'changed'
  return { ...about, reason, ...(await compared(ran, after, cas, signal)) }
}

async function compared(
  { digest: action }: RememberedRun,
  previous: RememberedRun,
  cas: ContentAddressableStorage,
  signal: AbortSignal | undefined,
): Promise<ActionExplanation> {
  try {
    return await explainAction({ cas, action, previous, signal })
  } catch (error) {
    if (!(error instanceof GoregoError) || error.code !== 'not-found') throw error
    const unknown = [`what the two actions say cannot be compared any more: ${error.message}`]
    const { digest, endedAt } = previous
    return { action, previous: digest, previousAt: endedAt, comparison: { ...NOTHING, unknown } }
  }
}
