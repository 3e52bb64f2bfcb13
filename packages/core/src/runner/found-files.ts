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
    // They may lie anywhere in their buffer, which doubles may not.
    this.#numbers = new Float64Array(Uint8Array.from(bytes).buffer)
  }

  get count(): number {
    return this.#numbers.length / NUMBERS
  }

  /** The n-th state; undefined where there was nothing, or no way to it. */
  at(n: number): FileState | undefined {
    const numbers = this.#numbers
    const at = n * NUMBERS
    const ino = numbers[at] ?? 0
    if (ino === 0) return undefined
    return {
      ino,
      mode: numbers[at + 1] ?? 0,
      size: numbers[at + 2] ?? 0,
      mtimeMs: numbers[at + 3] ?? 0,
      ctimeMs: numbers[at + 4] ?? 0,
    }
  }
}
