import { type DigestFunction, GoregoError, type reapi } from '@gorego/core'
import type { Channel } from './channel.js'
import { checkStoredDigestFunction } from './check-digest-function.js'
import { getCapabilities } from './get-capabilities.js'

/** What came of calling a cache for the first time. */
export type Contact =
  | { readonly kind: 'answered'; readonly takesResults: boolean; readonly said: reapi.ServerCapabilities }
  /** It may be there later. */
  | { readonly kind: 'away'; readonly why: GoregoError }
  /** It is there, and of no use: it does not let us in, or hashes with something else. */
  | { readonly kind: 'refused'; readonly why: GoregoError }

/** Asks a cache whether it is there and what it can, before it is relied on. `boundMs`: of the connection, and of the answer. */
export async function firstContact(
  channel: Channel,
  { instance, fn, boundMs }: { readonly instance: string; readonly fn: DigestFunction; readonly boundMs: number },
): Promise<Contact> {
  try {
    await channel.reach(boundMs)
    const answer = await getCapabilities(channel, instance, AbortSignal.timeout(boundMs))
    checkStoredDigestFunction(answer, fn)
    const updates = answer.getCacheCapabilities()?.getActionCacheUpdateCapabilities()
    return { kind: 'answered', takesResults: updates?.getUpdateEnabled() ?? true, said: answer }
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError')
      return { kind: 'away', why: new GoregoError('deadline-exceeded', `no answer in ${boundMs / 1000} s`) }
    const why = GoregoError.from(error)
    const isAway = why.code === 'unavailable' || why.code === 'deadline-exceeded'
    return { kind: isAway ? 'away' : 'refused', why }
  }
}
