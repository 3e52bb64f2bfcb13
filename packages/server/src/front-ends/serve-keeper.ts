import { GoregoError, type LocalStore, type Reservation } from '@gorego/core'
import type { Handler } from './channel.js'
import { placesOf, unpackDigests } from './digest-list.js'

/** What the `RemoteKeeper` of one front end calls. Disposing of it gives back the room that the front end had. */
export interface ServedKeeper extends Disposable {
  readonly handlers: Readonly<Record<string, Handler>>
}

export interface KeeperHooks {
  /** Gives up an upload that broke off, of any front end; false if there is none. */
  spare(): Promise<boolean>
  /** Blobs may be gone that others were told of. */
  lost(): void
}

export function serveKeeper(store: LocalStore, { spare, lost }: KeeperHooks): ServedKeeper {
  const { keeper } = store
  const room = keeper.room.reservation()
  const handlers: Record<string, Handler> = {
    // Nobody could take it back before it is over.
    async 'find-missing'({ bytes = new Uint8Array(0) }) {
      const digests = unpackDigests(bytes)
      return { head: placesOf(await keeper.findMissing(digests), digests) }
    },
    async 'look-again'({ bytes = new Uint8Array(0) }) {
      await keeper.lookAgain(unpackDigests(bytes))
      lost()
      return {}
    },
    async reserve({ head }) {
      const { bytes, ahead } = head as { bytes: number; ahead: number }
      // What is only taken ahead is no reason to evict or give up more.
      if (bytes < ahead && store.usage.bytes + ahead <= store.usage.maxBytes) return { head: await grow(room, ahead) }
      for (;;) {
        try {
          return { head: await grow(room, bytes) }
        } catch (error) {
          if (GoregoError.from(error).code !== 'resource-exhausted' || !(await spare())) throw error
        }
      }
    },
    release({ head }) {
      room.shrink(room.bytes - (head as number))
      return {}
    },
    shrink: async ({ head }) => ({ head: await keeper.room.shrink(head as number) }),
  }
  return { handlers, [Symbol.dispose]: () => room[Symbol.dispose]() }
}

async function grow(room: Reservation, bytes: number): Promise<number> {
  await room.grow(room.bytes + bytes)
  return bytes
}
