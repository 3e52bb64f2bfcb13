import { type BlobRows, NONE } from './blob-rows.js'

/** Rows in the order in which they were used last: a list through their columns, so that every change is O(1). */
export class UseOrder {
  readonly #rows: BlobRows
  #oldest = NONE
  #newest = NONE
  /** Where a walk is. */
  #next = NONE
  /** The newest of those that have been where they are since `mark`. */
  #marked = NONE

  constructor(rows: BlobRows) {
    this.#rows = rows
  }

  /** The one whose use is longest ago, or NONE. */
  get oldest(): number {
    return this.#oldest
  }

  /** Begins a walk at the oldest one; there can be one at a time. */
  rewind(): void {
    this.#next = this.#oldest
  }

  /** The next one of the walk, or NONE. Whatever is used or removed between two steps, none is left out that stays in its place. */
  step(): number {
    const row = this.#next
    if (row !== NONE) this.#next = this.#rows.newer(row)
    return row
  }

  /** Marks all rows; the ones that are added or moved from then on are not marked. */
  mark(): void {
    this.#marked = this.#newest
  }

  /** Whether there is a marked row: if so the oldest is one, unless it was put there since. */
  get hasMarked(): boolean {
    return this.#marked !== NONE
  }

  addNewest(row: number): void {
    this.#link(this.#newest, row)
    this.#link(row, NONE)
  }

  addOldest(row: number): void {
    this.#link(row, this.#oldest)
    this.#link(NONE, row)
  }

  remove(row: number): void {
    if (row === this.#next) this.#next = this.#rows.newer(row)
    if (row === this.#marked) this.#marked = this.#rows.older(row)
    this.#link(this.#rows.older(row), this.#rows.newer(row))
  }

  /** Makes the two neighbours; NONE is the list's end. */
  #link(older: number, newer: number): void {
    if (older === NONE) this.#oldest = newer
    else this.#rows.setNewer(older, newer)
    if (newer === NONE) this.#newest = older
    else this.#rows.setOlder(newer, older)
  }
}
