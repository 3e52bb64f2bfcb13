import { type ActionKey, type BackingCache, type Digest, GoregoError } from '@gorego/core'
import type { Handler, IncomingCall } from './channel.js'
import { placesOf, unpackDigests } from './digest-list.js'

/** What the `RemoteBacking` of a front end calls; nothing where there is no backing cache. */
export function serveBacking(backing: BackingCache | undefined): Readonly<Record<string, Handler>> {
  if (backing === undefined) return {}
  const places = (ask: (digests: readonly Digest[], signal: AbortSignal) => Promise<Digest[]>): Handler => {
    return async ({ bytes = NOTHING }, { signal }) => {
      const digests = unpackDigests(bytes)
      return { head: placesOf(await ask(digests, signal), digests) }
    }
  }
  return {
    'backing-find-missing': places((digests, signal) => backing.findMissing(digests, signal)),
    'backing-fetch': places((digests, signal) => backing.fetch(digests, signal)),
    async 'backing-stored'({ bytes = NOTHING }, { signal }) {
      await backing.stored(unpackDigests(bytes), signal)
      return {}
    },
    async 'backing-get-result'({ head, bytes = NOTHING }, { signal }) {
      const result = await backing.getResult(keyOf(head, bytes), signal)
      return result === undefined ? { head: false } : { head: true, bytes: result }
    },
    async 'backing-result-stored'({ head, bytes = NOTHING }: Parameters<Handler>[0], { signal }: IncomingCall) {
      await backing.resultStored(keyOf(head, bytes), signal)
      return {}
    },
  }
}

const NOTHING = new Uint8Array(0)

function keyOf(instance: unknown, bytes: Uint8Array): ActionKey {
  const [action] = unpackDigests(bytes)
  if (action === undefined) throw new GoregoError('internal', 'a result of no action')
  return { instance: instance as string, action }
}
