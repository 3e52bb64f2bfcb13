import type { Reservation } from './reservation.js'

/** Where room for uploads comes from: the books of this process, or of another one. */
export interface Budget {
  /** What a person calls the disk: completes "no space is left on the disk of …". */
  readonly name: string
  /** Space for one upload, none at first. Its holder gives it back when the file is gone, or counted as a blob. */
  reservation(): Reservation
  /** Evicts so many bytes, or what may go, whatever the budget: the disk is full. False if nothing may go. */
  shrink(bytes: number): Promise<boolean>
}
