import type { Digest } from '../digest/index.js'

/** What results are kept by: the same action means other things to other instances (GEN-04). */
export interface ActionKey {
  readonly instance: string
  readonly action: Digest
}

/**
 * Results of actions by the Action's digest. Values are serialized `ActionResult` messages, kept and handed out as the
 * bytes they are, and not to be changed by whoever gets them. The last `put` wins; a reader never sees half of one (AC-14).
 */
export interface ActionCache {
  get(key: ActionKey, signal?: AbortSignal): Promise<Uint8Array | undefined>

  /** Only to be called when every blob that the result refers to is stored (EX-24). */
  put(key: ActionKey, result: Uint8Array, signal?: AbortSignal): Promise<void>
}
