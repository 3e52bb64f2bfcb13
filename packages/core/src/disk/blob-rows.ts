import { Digest, type DigestFunction } from '../digest/index.js'

/** No row. */
export const NONE = -1

const PAGE_BITS = 12
const ROWS_A_PAGE = 1 << PAGE_BITS
const IN_PAGE = ROWS_A_PAGE - 1

/** 32 bits of a hash are so many hexadecimal digits. */
const DIGITS_A_WORD = 8

/** Where things are in a row: the first two are numbers of 64 bits, counted by twos. */
const SIZE = 0
const USED_AT = 1
const OLDER = 4
const NEWER = 5
const VARIANTS = 6
const HASH = 7

/** So many rows, all of one digest function, each of as many words of 32 bits as it takes with that function's hashes. */
class Page {
  readonly hashWords: number
  /** Words of a row, an even number. */
  readonly stride: number
  readonly words: Int32Array
  /** The same memory. */
  readonly numbers: Float64Array

  constructor(readonly fn: DigestFunction) {
    this.hashWords = fn.hashLength / DIGITS_A_WORD
    this.stride = Math.ceil((HASH + this.hashWords) / 2) * 2
    this.words = new Int32Array(ROWS_A_PAGE * this.stride)
    this.numbers = new Float64Array(this.words.buffer)
  }

  /** Where a row begins in `words`. */
  at(row: number): number {
    return (row & IN_PAGE) * this.stride
  }
}

/**
 * What is known of every blob, a numbered row of plain numbers each: an object and a string a blob would take several times
 * the memory, and the garbage collector's time. A row is together in memory, 64 bytes with SHA-256, because with a million of
 * them it is the waiting for memory that takes time. Rows come in pages, so that nothing is ever copied to make room
 * for more. Rows that are released are used again by the next blob of the same digest function.
 */
export class BlobRows {
  readonly #pages: Page[] = []
  /** The first of the free rows of each function; `newer` says which is next. */
  readonly #free = new Map<DigestFunction, number>()

  /** A row for a blob with that hash: of no variant, used at the time 0. */
  add(fn: DigestFunction, hash: Int32Array, sizeBytes: number): number {
    const row = this.#take(fn)
    const page = this.#page(row)
    const at = page.at(row)
    for (let n = 0; n < page.hashWords; n++) page.words[at + HASH + n] = hash[n] as number
    page.numbers[at / 2 + SIZE] = sizeBytes
    page.numbers[at / 2 + USED_AT] = 0
    page.words[at + VARIANTS] = 0
    return row
  }

  release(row: number): void {
    const { fn } = this.#page(row)
    this.setNewer(row, this.#free.get(fn) ?? NONE)
    this.#free.set(fn, row)
  }

  /** Whether the row, which must be one of the function that the hash is of, has that hash and, where that is given, size. */
  matches(row: number, hash: Int32Array, sizeBytes: number | undefined): boolean {
    const page = this.#page(row)
    const at = page.at(row)
    for (let n = 0; n < page.hashWords; n++) if (page.words[at + HASH + n] !== hash[n]) return false
    return sizeBytes === undefined || page.numbers[at / 2 + SIZE] === sizeBytes
  }

  /** The n-th 32 bits of a row's hash. */
  hashWord(row: number, n: number): number {
    return this.#word(row, HASH + n)
  }

  digest(row: number): Digest {
    const page = this.#page(row)
    const at = page.at(row)
    let hash = ''
    for (const word of page.words.subarray(at + HASH, at + HASH + page.hashWords)) {
      hash += (word >>> 0).toString(16).padStart(DIGITS_A_WORD, '0')
    }
    return Digest.of(page.fn, hash, page.numbers[at / 2 + SIZE] as number)
  }

  usedAt(row: number): number {
    const page = this.#page(row)
    return page.numbers[page.at(row) / 2 + USED_AT] as number
  }

  setUsedAt(row: number, time: number): void {
    const page = this.#page(row)
    page.numbers[page.at(row) / 2 + USED_AT] = time
  }

  /** Bits, whose meaning is the caller's. */
  variants(row: number): number {
    return this.#word(row, VARIANTS)
  }

  setVariants(row: number, bits: number): void {
    this.#setWord(row, VARIANTS, bits)
  }

  older(row: number): number {
    return this.#word(row, OLDER)
  }

  setOlder(row: number, other: number): void {
    this.#setWord(row, OLDER, other)
  }

  newer(row: number): number {
    return this.#word(row, NEWER)
  }

  setNewer(row: number, other: number): void {
    this.#setWord(row, NEWER, other)
  }

  #page(row: number): Page {
    return this.#pages[row >>> PAGE_BITS] as Page
  }

  #word(row: number, which: number): number {
    const page = this.#page(row)
    return page.words[page.at(row) + which] as number
  }

  #setWord(row: number, which: number, value: number): void {
    const page = this.#page(row)
    page.words[page.at(row) + which] = value
  }

  #take(fn: DigestFunction): number {
    const free = this.#free.get(fn) ?? NONE
    const row = free === NONE ? this.#addPage(fn) : free
    this.#free.set(fn, this.newer(row))
    return row
  }

  /** Its rows are free, its first one is returned. */
  #addPage(fn: DigestFunction): number {
    const first = (this.#pages.push(new Page(fn)) - 1) << PAGE_BITS
    for (let n = 0; n < ROWS_A_PAGE; n++) this.setNewer(first + n, n === IN_PAGE ? NONE : first + n + 1)
    return first
  }
}

/** Reads a lowercase hexadecimal hash as words of 32 bits, the first digits first. */
export function readHash(hash: string, words: Int32Array): void {
  for (let n = 0, at = 0; at < hash.length; n++, at += DIGITS_A_WORD) {
    words[n] = (byte(hash, at) << 24) | (byte(hash, at + 2) << 16) | (byte(hash, at + 4) << 8) | byte(hash, at + 6)
  }
}

function byte(hash: string, at: number): number {
  return (digit(hash.charCodeAt(at)) << 4) | digit(hash.charCodeAt(at + 1))
}

/** '0' is 0x30, 'a' is 0x61. */
function digit(code: number): number {
  return (code & 0xf) + (code >> 6) * 9
}
