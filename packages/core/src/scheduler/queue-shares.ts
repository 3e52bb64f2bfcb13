import type { OperationRecord } from './operation-record.js'

/** How many operations of each caller wait, so that no caller has the whole queue. */
export class QueueShares {
  readonly #places: number
  readonly #waiting = new Map<string, number>()

  /** How many places each may take. However short the queue, one it always may. */
  constructor(places: number) {
    this.#places = Math.max(1, places)
  }

  /** Whether one more of that caller may wait. What free slots take will not. */
  hasPlace(caller: string, freeSlots: number): boolean {
    return this.waiting(caller) < this.#places + freeSlots
  }

  waiting(caller: string): number {
    return this.#waiting.get(caller) ?? 0
  }

  enter(record: OperationRecord): void {
    record.waitsFor = record.request?.caller ?? ''
    this.#waiting.set(record.waitsFor, this.waiting(record.waitsFor) + 1)
  }

  /** Does nothing for an operation that does not wait. */
  leave(record: OperationRecord): void {
    if (record.waitsFor === undefined) return
    const left = this.waiting(record.waitsFor) - 1
    if (left === 0) this.#waiting.delete(record.waitsFor)
    else this.#waiting.set(record.waitsFor, left)
    record.waitsFor = undefined
  }
}
