import { Digest, type DigestFunction } from '../digest/index.js'

/** No row. */
export const NONE = -1

const PAGE_BITS = 12
const ROWS_A_PAGE = 1 << PAGE_BITS
const IN_PAGE = ROWS_A_PAGE - 1

/** 32 bits of a hash are so many hexadecimal digits. */
const DIGITS_A_WORD = 8

/**
 * The columns of so many rows, all of one digest function: the hash takes what the function's hashes have, everything else
 * 25 bytes a row.
 */
class Page {
  readonly hashWords: number
  readonly hashes: Int32Array
  readonly sizes = new Float64Array(ROWS_A_PAGE)
  readonly usedAt = new Float64Array(ROWS_A_PAGE)
  readonly older = new Int32Array(ROWS_A_PAGE)
  readonly newer = new Int32Array(ROWS_A_PAGE)
  readonly variants = new Uint8Array(ROWS_A_PAGE)

  constructor(readonly fn: DigestFunction) {
    this.hashWords = wordsOf(fn)
    this.hashes = new Int32Array(ROWS_A_PAGE * this.hashWords)
  }
}

/**
 * What is known of every blob, a numbered row each, in columns of plain numbers: an object and a string a blob would take
 * several times the memory, and the garbage collector's time. Rows come in pages, so that nothing is ever copied to make
 * room for more. Rows that are released are used again by the next blob of the same digest function; a column of a row
 * is 0 until it is set.
 */
export class BlobRows {
  readonly #pages: Page[] = []
  /** The first of the free rows of each function; `newer` says which is next. */
  readonly #free = new Map<DigestFunction, number>()

  /** A row for a blob with that hash. */
  add(fn: DigestFunction, hash: Int32Array, sizeBytes: number): number {
    const row = this.#take(fn)
    const page = this.#page(row)
    const at = row & IN_PAGE
    page.hashes.set(hash.subarray(0, page.hashWords), at * page.hashWords)
    page.sizes[at] = sizeBytes
    page.usedAt[at] = 0
    page.variants[at] = 0
    return row
  }

  release(row: number): void {
    const { fn } = this.#page(row)
    this.setNewer(row, this.#free.get(fn) ?? NONE)
    this.#free.set(fn, row)
  }

  /** Whether the row, which must be one of the function that the hash is of, has that hash and size. */
  matches(row: number, hash: Int32Array, sizeBytes: number): boolean {
    const { hashes, hashWords, sizes } = this.#page(row)
    const at = row & IN_PAGE
    for (let n = 0; n < hashWords; n++) if (hashes[at * hashWords + n] !== hash[n]) return false
    return sizes[at] === sizeBytes
  }

  /** The n-th 32 bits of a row's hash. */
  hashWord(row: number, n: number): number {
    const { hashes, hashWords } = this.#page(row)
    return hashes[(row & IN_PAGE) * hashWords + n] as number
  }

  digest(row: number): Digest {
    const { fn, hashes, hashWords, sizes } = this.#page(row)
    const at = row & IN_PAGE
    let hash = ''
    for (const word of hashes.subarray(at * hashWords, (at + 1) * hashWords)) {
      hash += (word >>> 0).toString(16).padStart(DIGITS_A_WORD, '0')
    }
    return Digest.of(fn, hash, sizes[at] as number)
  }

  fn(row: number): DigestFunction {
    return this.#page(row).fn
  }

  usedAt(row: number): number {
    return this.#page(row).usedAt[row & IN_PAGE] as number
  }

  setUsedAt(row: number, time: number): void {
    this.#page(row).usedAt[row & IN_PAGE] = time
  }

  /** Bits, whose meaning is the caller's. */
  variants(row: number): number {
    return this.#page(row).variants[row & IN_PAGE] as number
  }

  setVariants(row: number, bits: number): void {
    this.#page(row).variants[row & IN_PAGE] = bits
  }

  older(row: number): number {
    return this.#page(row).older[row & IN_PAGE] as number
  }

  setOlder(row: number, other: number): void {
    this.#page(row).older[row & IN_PAGE] = other
  }

  newer(row: number): number {
    return this.#page(row).newer[row & IN_PAGE] as number
  }

  setNewer(row: number, other: number): void {
    this.#page(row).newer[row & IN_PAGE] = other
  }

  #page(row: number): Page {
    return this.#pages[row >>> PAGE_BITS] as Page
  }

  #take(fn: DigestFunction): number {
    const free = this.#free.get(fn) ?? NONE
    const row = free === NONE ? this.#addPage(fn) : free
    this.#free.set(fn, this.newer(row))
    return row
  }

  /** Its rows are free, its first one is returned. */
  #addPage(fn: DigestFunction): number {
    const page = new Page(fn)
    const first = (this.#pages.push(page) - 1) << PAGE_BITS
    for (let at = 0; at < ROWS_A_PAGE; at++) page.newer[at] = at === IN_PAGE ? NONE : first + at + 1
    return first
  }
}

/** How many words of 32 bits a function's hashes have. */
export function wordsOf(fn: DigestFunction): number {
  return fn.hashLength / DIGITS_A_WORD
}

/** Reads a lowercase hexadecimal hash as words of 32 bits, the first digits first. */
export function readHash(hash: string, words: Int32Array): void {
  for (let n = 0, at = 0; at < hash.length; n++) {
    let word = 0
    for (const end = at + DIGITS_A_WORD; at < end; at++) {
      const code = hash.charCodeAt(at)
      // '0' is 0x30, 'a' is 0x61.
      word = (word << 4) | ((code & 0xf) + (code >> 6) * 9)
    }
    words[n] = word
  }
}
