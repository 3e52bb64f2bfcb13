import type { ActionKey, BackingCache, Digest } from '@gorego/core'
import type { Channel } from './channel.js'
import { packDigests } from './digest-list.js'

/** The backing cache that the process with the `LocalStore` has, as seen by a front end. Contents are in files that both see. */
export class RemoteBacking implements BackingCache {
  readonly #channel: Channel

  constructor(channel: Channel) {
    this.#channel = channel
  }

  findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    return this.#places('backing-find-missing', digests, signal)
  }

  fetch(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    return this.#places('backing-fetch', digests, signal)
  }

  async stored(digests: readonly Digest[], signal?: AbortSignal): Promise<void> {
    await this.#channel.call('backing-stored', { bytes: packDigests(digests) }, { signal })
  }

  async getResult({ instance, action }: ActionKey, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const message = { head: instance, bytes: packDigests([action]) }
    const { head: found, bytes } = await this.#channel.call('backing-get-result', message, { signal })
    return found === true ? bytes : undefined
  }

  async resultStored({ instance, action }: ActionKey, signal?: AbortSignal): Promise<void> {
    const message = { head: instance, bytes: packDigests([action]) }
    await this.#channel.call('backing-result-stored', message, { signal })
  }

  async #places(method: string, digests: readonly Digest[], signal: AbortSignal | undefined): Promise<Digest[]> {
    const { head } = await this.#channel.call(method, { bytes: packDigests(digests) }, { signal })
    return (head as readonly number[]).map((place) => digests[place] as Digest)
  }
}
