import { randomInt } from 'node:crypto'
import { type BlobRows, NONE } from './blob-rows.js'

const SEGMENTS = 256
const FIRST_SLOTS = 8

/** Words of a slot: row + 1, or 0 where there is none, and the second word of the row's hash. */
const SLOT = 2

/** A segment doubles when it is fuller than this: then a search looks at some two slots, or at four for what is not there. */
const FULLEST = 0.7

/** Some of the rows of one function whose hash begins with the same byte. */
interface Segment {
  slots: Int32Array
  used: number
}

/**
 * Finds the row of a hash: open addressing with linear probing, for the blobs of one digest function. It consists of 256
 * tables that grow each by itself, so that no blob has to wait until a million others have found new places. A slot has a word of the
 * hash, so that the rows of others on the way are not looked at: with many blobs each would have to be waited for.
 */
export class RowSlots {
  readonly #rows: BlobRows
  readonly #segments: (Segment | undefined)[] = new Array(SEGMENTS).fill(undefined)
  /** Odd, and nobody's to know: or somebody could make blobs that all want the same place. */
  readonly #scatter = randomInt(0x8000_0000) * 2 + 1

  constructor(rows: BlobRows) {
    this.#rows = rows
  }

  /** Of any size, where none is given. */
  find(hash: Int32Array, sizeBytes: number | undefined): number {
    const slots = this.#segments[segmentOf(hash[0] as number)]?.slots
    if (slots === undefined) return NONE
    const second = hash[1] as number
    for (let slot = this.#home(second, slots); ; slot = next(slot, slots)) {
      const row = (slots[slot] as number) - 1
      if (row === NONE || (slots[slot + 1] === second && this.#rows.matches(row, hash, sizeBytes))) return row
    }
  }

  /** A row by the first two words of its hash. */
  findByPrefix(first: number, second: number): number {
    const slots = this.#segments[segmentOf(first)]?.slots
    if (slots === undefined) return NONE
    for (let slot = this.#home(second, slots); ; slot = next(slot, slots)) {
      const row = (slots[slot] as number) - 1
      if (row === NONE || (slots[slot + 1] === second && this.#rows.hashWord(row, 0) === first)) return row
    }
  }

  /** Adds a row that must not be there yet. */
  add(row: number): void {
    const index = segmentOf(this.#rows.hashWord(row, 0))
    let segment = this.#segments[index]
    if (segment === undefined) {
      segment = { slots: new Int32Array(FIRST_SLOTS * SLOT), used: 0 }
      this.#segments[index] = segment
    }
    if (++segment.used * SLOT > segment.slots.length * FULLEST) this.#grow(segment)
    this.#place(row, this.#rows.hashWord(row, 1), segment.slots)
  }

  /** Removes a row that must be there, and moves up those that would not be found any more behind the gap. */
  remove(row: number): void {
    const segment = this.#segments[segmentOf(this.#rows.hashWord(row, 0))] as Segment
    segment.used--
    const { slots } = segment
    const mask = slots.length - 1
    let gap = this.#home(this.#rows.hashWord(row, 1), slots)
    while (slots[gap] !== row + 1) gap = next(gap, slots)
    for (let slot = next(gap, slots); slots[slot] !== 0; slot = next(slot, slots)) {
      const home = this.#home(slots[slot + 1] as number, slots)
      // Whose search begins behind the gap stays.
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue
      slots.copyWithin(gap, slot, slot + SLOT)
      gap = slot
    }
    slots[gap] = 0
  }

  #grow(segment: Segment): void {
    const { slots } = segment
    segment.slots = new Int32Array(slots.length * 2)
    for (let slot = 0; slot < slots.length; slot += SLOT) {
      if (slots[slot] !== 0) this.#place((slots[slot] as number) - 1, slots[slot + 1] as number, segment.slots)
    }
  }

  #place(row: number, second: number, slots: Int32Array): void {
    let slot = this.#home(second, slots)
    while (slots[slot] !== 0) slot = next(slot, slots)
    slots[slot] = row + 1
    slots[slot + 1] = second
  }

  /** Where a search begins, by the second word of a hash. The length is a power of two: the product's highest bits are taken. */
  #home(second: number, slots: Int32Array): number {
    return (Math.imul(second, this.#scatter) >>> (Math.clz32(slots.length / SLOT) + 1)) * SLOT
  }
}

function next(slot: number, slots: Int32Array): number {
  return (slot + SLOT) & (slots.length - 1)
}

/** By the first byte of a hash. */
function segmentOf(firstWord: number): number {
  return firstWord >>> 24
}
