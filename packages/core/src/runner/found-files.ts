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

  /** `bytes`: FOUND_BYTES for each, doubles in this machine's order. */
  constructor(bytes: Uint8Array) {
    const { buffer, byteOffset, length } = bytes
    const isAligned = byteOffset % Float64Array.BYTES_PER_ELEMENT === 0
    this.#numbers = isAligned
      ? new Float64Array(buffer, byteOffset, length / Float64Array.BYTES_PER_ELEMENT)
      : new Float64Array(Uint8Array.from(bytes).buffer)
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
