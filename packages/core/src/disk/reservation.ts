import { blocks } from './blob-index.js'

/** Space that an upload under way takes on the disk. */
export interface Reservation extends Disposable {
  readonly bytes: number
  /** Makes it so many bytes in all, evicting what has to go. Throws `resource-exhausted` with `retry-after`, and is what it was. */
  grow(bytes: number): Promise<void>
  /** Makes it no more than so many bytes. */
  shrink(bytes: number): void
}

/** Where a reservation has its space from, in bytes of whole blocks. */
export interface ReservationOptions {
  /** Resolves when so many more bytes are taken. Throws if they are not to be had; then none are. */
  take(bytes: number): Promise<void>
  give(bytes: number): void
}

/** A reservation of nothing at first. What it gets after it was disposed of goes back at once. */
export function reservationFrom({ take, give }: ReservationOptions): Reservation {
  let held = 0
  let disposed = false
  const giveBack = (bytes: number) => {
    held -= bytes
    give(bytes)
  }
  return {
    get bytes() {
      return held
    },
    grow: async (bytes) => {
      const more = blocks(bytes) - held
      if (more <= 0) return
      await take(more)
      held += more
      if (disposed) giveBack(held)
    },
    shrink: (bytes) => {
      if (held > blocks(bytes)) giveBack(held - blocks(bytes))
    },
    [Symbol.dispose]: () => {
      disposed = true
      giveBack(held)
    },
  }
}
