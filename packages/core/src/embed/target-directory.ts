import { lstat, mkdir, realpath, rm } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { makeDirectories } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'

/**
 * A directory that outputs are written below, and never beside: a path that climbs is refused, and so is one that passes
 * through a symbolic link to somewhere else, which an earlier result may have left.
 */
export class TargetDirectory {
  /** Without symbolic links. */
  readonly #root: string
  /** Directories that were looked at, and nothing was removed since. */
  readonly #known = new Set<string>()

  private constructor(root: string) {
    this.#root = root
  }

  /** Makes the directory if it is not there. */
  static async open(path: string): Promise<TargetDirectory> {
    makeDirectories(path)
    return new TargetDirectory(await realpath(path))
  }

  /** Where to put something, after making the directories above it. */
  async place(path: string): Promise<string> {
    const place = resolve(this.#root, path)
    if (path.includes('\0') || place === this.#root || !this.#holds(place)) throw this.#leadsOut(path)
    let parent = this.#root
    for (const segment of relative(this.#root, dirname(place)).split(sep)) {
      parent = join(parent, segment)
      await this.#makeOne(parent, path)
    }
    return place
  }

  /** As `place`, and there is nothing there any more. */
  async clear(path: string): Promise<string> {
    const place = await this.place(path)
    await rm(place, { force: true, recursive: true })
    this.#known.clear()
    return place
  }

  /** A directory in which there may be something already. */
  async make(path: string): Promise<string> {
    if (resolve(this.#root, path) === this.#root) return this.#root
    const place = await this.place(path)
    await this.#makeOne(place, path)
    return place
  }

  /** A directory in place of whatever there is; only the target directory itself keeps what it has. */
  async makeFresh(path: string): Promise<string> {
    if (resolve(this.#root, path) !== this.#root) await this.clear(path)
    return await this.make(path)
  }

  async #makeOne(directory: string, path: string): Promise<void> {
    if (this.#known.has(directory)) return
    try {
      await mkdir(directory)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const real = await realpath(directory).catch(() => undefined)
      if (real === undefined || !this.#holds(real)) throw this.#leadsOut(path)
      if (!(await lstat(real)).isDirectory()) {
        const way = relative(this.#root, directory)
        throw new GoregoError('failed-precondition', `the output ${JSON.stringify(path)}: ${way} is no directory`)
      }
    }
    this.#known.add(directory)
  }

  #holds(place: string): boolean {
    return place === this.#root || place.startsWith(this.#root.endsWith(sep) ? this.#root : this.#root + sep)
  }

  #leadsOut(path: string): GoregoError {
    return new GoregoError('failed-precondition', `the output path ${JSON.stringify(path)} leads out of ${this.#root}`)
  }
}
