import { randomInt } from 'node:crypto'
import { type BlobRows, NONE } from './blob-rows.js'

const SEGMENTS = 256
const FIRST_SLOTS = 8

/** A segment doubles when it is fuller than this: then a search looks at some two slots, or at four for what is not there. */
const FULLEST = 0.7

/** Some of the rows of one function whose hash begins with the same byte; slots of row + 1, or 0 where there is none. */
interface Segment {
  slots: Int32Array
  used: number
}

/**
 * Finds the row of a hash: open addressing with linear probing, for the blobs of one digest function. It consists of 256
 * tables that grow each by itself, so that no blob has to wait until a million others have found new places.
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
    const mask = slots.length - 1
    for (let slot = this.#home(hash[1] as number, slots.length); ; slot = (slot + 1) & mask) {
      const row = (slots[slot] as number) - 1
      if (row === NONE || this.#rows.matches(row, hash, sizeBytes)) return row
    }
  }

  /** A row by the first two words of its hash. */
  findByPrefix(first: number, second: number): number {
    const slots = this.#segments[segmentOf(first)]?.slots
    if (slots === undefined) return NONE
    const mask = slots.length - 1
    for (let slot = this.#home(second, slots.length); ; slot = (slot + 1) & mask) {
      const row = (slots[slot] as number) - 1
      if (row === NONE) return NONE
      if (this.#rows.hashWord(row, 0) === first && this.#rows.hashWord(row, 1) === second) return row
    }
  }

  /** Adds a row that must not be there yet. */
  add(row: number): void {
    const index = segmentOf(this.#rows.hashWord(row, 0))
    let segment = this.#segments[index]
    if (segment === undefined) {
      segment = { slots: new Int32Array(FIRST_SLOTS), used: 0 }
      this.#segments[index] = segment
    }
    if (++segment.used > segment.slots.length * FULLEST) this.#grow(segment)
    this.#place(row, segment.slots)
  }

  /** Removes a row that must be there, and moves up those that would not be found any more behind the gap. */
  remove(row: number): void {
    const segment = this.#segments[segmentOf(this.#rows.hashWord(row, 0))] as Segment
    segment.used--
    const { slots } = segment
    const mask = slots.length - 1
    let gap = this.#homeOf(row, slots.length)
    while (slots[gap] !== row + 1) gap = (gap + 1) & mask
    for (let slot = (gap + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#homeOf((slots[slot] as number) - 1, slots.length)
      // Whose search begins behind the gap stays.
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue
      slots[gap] = slots[slot] as number
      gap = slot
    }
    slots[gap] = 0
  }

  #grow(segment: Segment): void {
    const slots = new Int32Array(segment.slots.length * 2)
    for (const value of segment.slots) if (value !== 0) this.#place(value - 1, slots)
    segment.slots = slots
  }

  #place(row: number, slots: Int32Array): void {
    let slot = this.#homeOf(row, slots.length)
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
    slots[slot] = row + 1
  }

  #homeOf(row: number, count: number): number {
    return this.#home(this.#rows.hashWord(row, 1), count)
  }

  /** Where a search begins, by the second word of a hash. `count` is a power of two: the product's highest bits are taken. */
  #home(word: number, count: number): number {
    return Math.imul(word, this.#scatter) >>> (Math.clz32(count) + 1)
  }
}

/** By the first byte of a hash. */
function segmentOf(firstWord: number): number {
  return firstWord >>> 24
}
