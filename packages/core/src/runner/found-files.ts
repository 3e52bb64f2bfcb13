import type { Stats } from 'node:fs'

/** What a look at a path tells of what is there. */
export type FileState = Pick<Stats, 'ino' | 'mode' | 'size' | 'mtimeMs' | 'ctimeMs'>

/** A directory that somebody else is to look at, and names in it. */
export interface DirectoryToLookAt {
  readonly path: string
  readonly names: readonly string[]
}

/** Inode, mode, size, modification and change time. */
const NUMBERS = 5

/** Of one path. */
export const FOUND_BYTES = 8 * NUMBERS

/** What somebody else found where told to look: at each directory, and then at the names in it. */
export class FoundFiles {
  readonly #numbers: Float64Array

  /** `bytes`: FOUND_BYTES for each, doubles in this machine's order, where doubles can lie in their buffer. They are the caller's no more. */
  constructor(bytes: Uint8Array) {
    this.#numbers = new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length / Float64Array.BYTES_PER_ELEMENT)
  }

  get count(): number {
    return this.#numbers.length / NUMBERS
  }

  /** The n-th state; undefined where there was nothing, or no way to it. */
  at(n: number): FileState | undefined {
    return this.#numbers[n * NUMBERS] === 0 ? undefined : new FoundFile(this.#numbers, n * NUMBERS)
  }
}

/** Of thousands, most numbers are compared once, and boxed each if they were copied. */
class FoundFile implements FileState {
  readonly #numbers: Float64Array
  readonly #at: number

  constructor(numbers: Float64Array, at: number) {
    this.#numbers = numbers
    this.#at = at
  }

  get ino(): number {
    return this.#numbers[this.#at] as number
  }
  get mode(): number {
    return this.#numbers[this.#at + 1] as number
  }
  get size(): number {
    return this.#numbers[this.#at + 2] as number
  }
  get mtimeMs(): number {
    return this.#numbers[this.#at + 3] as number
  }
  get ctimeMs(): number {
    return this.#numbers[this.#at + 4] as number
  }
}
