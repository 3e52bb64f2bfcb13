import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isProcessAlive, processIdentity } from './process-identity.js'
import { removeTree } from './remove-tree.js'

/**
 * A directory for whatever this process has under way (uploads, build roots), named after the process. Nothing in it
 * outlives the process: what a killed one left is swept when the next session opens beside it. No lock is held, so
 * several processes may share the parent directory.
 */
export class Session implements Disposable {
  readonly #directory: string

  private constructor(directory: string) {
    this.#directory = directory
  }

  static #opened = 0

  static open(parent: string): Session {
    mkdirSync(parent, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(parent)) {
      const identity = /^(\d+-\d+)-\d+$/.exec(name)?.[1]
      if (identity !== undefined && !isProcessAlive(identity)) removeTree(join(parent, name))
    }
    const directory = join(parent, `${processIdentity()}-${Session.#opened++}`)
    mkdirSync(directory, { mode: 0o700 })
    return new Session(directory)
  }

  /** A directory of that name inside, made when first asked for. */
  directory(name: string): string {
    const path = join(this.#directory, name)
    mkdirSync(path, { recursive: true })
    return path
  }

  [Symbol.dispose](): void {
    removeTree(this.#directory)
  }
}
