import type { Budget, Digest, StoreKeeper } from '@gorego/core'
import type { Channel } from './channel.js'
import { packDigests } from './digest-list.js'
import { RemoteRoom } from './remote-room.js'

/** The process with the `LocalStore`, as a `SharedStore` in another one needs it. */
export class RemoteKeeper implements StoreKeeper {
  readonly room: Budget
  readonly #channel: Channel

  /** `name`: what a person calls the store's disk. `maxBytes`: of the whole store. */
  constructor(channel: Channel, name: string, maxBytes: number) {
    this.#channel = channel
    this.room = new RemoteRoom(channel, name, maxBytes)
  }

  async findMissing(digests: readonly Digest[], signal?: AbortSignal): Promise<Digest[]> {
    const { head } = await this.#channel.call('find-missing', { bytes: packDigests(digests) }, { signal })
    return (head as readonly number[]).map((place) => digests[place] as Digest)
  }

  async lookAgain(digests: readonly Digest[]): Promise<void> {
    await this.#channel.call('look-again', { bytes: packDigests(digests) })
  }
}
