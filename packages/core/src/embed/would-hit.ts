import type { ActionCache } from '../action-cache/index.js'
import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { type ActionSpec, type PrepareOptions, prepareAction } from './prepare-action.js'

/** What `run` would find. */
export interface Prediction {
  /** Whether the action has a result in the cache, so that nothing would run. Another process can change that at any time. */
  readonly hit: boolean
  /** The Action's digest: two specifications with the same one are the same action. */
  readonly action: Digest
  /** `cached`; `not-cached`: there is no result, or blobs of it are gone; `do-not-cache`: the action does not want one. */
  readonly reason: 'cached' | 'not-cached' | 'do-not-cache'
}

/** As for `prepareAction`, and where results are looked for. */
export interface WouldHitOptions extends PrepareOptions {
  readonly results: ActionCache
}

/** Looks for an action's result. Its inputs are hashed and not stored; nothing runs. Throws what `prepareAction` throws. */
export async function wouldHit(spec: ActionSpec, { results, ...options }: WouldHitOptions): Promise<Prediction> {
  const { cas, signal } = options
  const action = await prepareAction(spec, { ...options, cas: withoutStoring(cas) })
  if (spec.doNotCache) return { hit: false, action, reason: 'do-not-cache' }
  const result = await results.get({ instance: '', action }, signal)
  return result === undefined ? { hit: false, action, reason: 'not-cached' } : { hit: true, action, reason: 'cached' }
}

/** Whoever asks first whether a blob has to be stored is told that it is there. */
function withoutStoring(cas: ContentAddressableStorage): ContentAddressableStorage {
  return {
    findMissing: async () => [],
    get: (digest, signal) => cas.get(digest, signal),
    read: (digest, range, signal, allocate) => cas.read(digest, range, signal, allocate),
    write: async () => {},
  }
}
