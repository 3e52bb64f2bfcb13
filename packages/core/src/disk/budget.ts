import { GoregoError } from '../errors/index.js'
import type { Reservation } from './disk-budget.js'

/** Where room for uploads comes from: the books of this process, or of another one. */
export interface Budget {
  /** What a person calls the disk: completes "no space is left on the disk of …". */
  readonly name: string
  /** Space for one upload, none at first. Its holder gives it back when the file is gone, or counted as a blob. */
  reservation(): Reservation
  /** Evicts so many bytes, or what may go, whatever the budget: the disk is full. False if nothing may go. */
  shrink(bytes: number): Promise<boolean>
}

/** A budget that gives something else up before it refuses room. `spare`: false if there is nothing more to give up. */
export function withSpare(base: Budget, spare: () => boolean): Budget {
  return {
    name: base.name,
    shrink: (bytes) => base.shrink(bytes),
    reservation: () => {
      const room = base.reservation()
      return {
        get bytes() {
          return room.bytes
        },
        async grow(bytes) {
          for (;;) {
            try {
              return await room.grow(bytes)
            } catch (error) {
              if (GoregoError.from(error).code !== 'resource-exhausted' || !spare()) throw error
            }
          }
        },
        shrink: (bytes) => room.shrink(bytes),
        [Symbol.dispose]: () => room[Symbol.dispose](),
      }
    },
  }
}
