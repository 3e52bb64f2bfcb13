import { chownSync, lstatSync, mkdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { GoregoError } from '../errors/index.js'
import type { ActionUser } from './action-user.js'

/** DR-01: a name in a Directory is one segment, and never a way up. */
export function checkName(name: string): void {
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    throw new GoregoError('invalid-argument', `${JSON.stringify(name.slice(0, 100))} cannot be the name of an input`)
  }
}

/**
 * CM-05, CM-08: turns a path of a Command into segments below the input root. `from` is where it starts. The path must
 * be relative, without empty segments, and must not lead out of the root.
 */
export function segmentsOf(path: string, from: readonly string[], what: string): string[] {
  const segments = [...from]
  if (path === '') return segments
  for (const segment of path.split('/')) {
    if (segment === '' || segment.includes('\0'))
      throw badPath(path, what, 'it must be relative, without empty segments')
    if (segment === '..' && segments.pop() === undefined) throw badPath(path, what, 'it leads out of the input root')
    if (segment !== '..' && segment !== '.') segments.push(segment)
  }
  return segments
}

function badPath(path: string, what: string, why: string): GoregoError {
  return new GoregoError('invalid-argument', `${what} ${JSON.stringify(path.slice(0, 200))} cannot be used: ${why}`)
}

/**
 * The directories inside an input root, looked at without ever leaving it: a symbolic link on the way may point
 * elsewhere inside the root, and nowhere else, whether the client staged it or the action made it.
 */
export class RootedDirectories {
  readonly #root: string
  readonly #user: ActionUser | undefined
  /** Made, or found to be there, before the command ran. */
  readonly #made = new Set<string>()
  /** What was found after it, by the array that says where: hundreds of outputs share one. */
  readonly #found = new Map<readonly string[], string | undefined>()

  /**
   * `root`: without symbolic links on the way, as it was before the command ran, which can put something else at the path. `user`: who
   * owns what is made; undefined for whoever runs this.
   */
  constructor(root: string, user?: ActionUser) {
    this.#root = root
    this.#user = user
  }

  /** Makes a directory and those above it (CM-07); they may exist, or have to. */
  make(segments: readonly string[], what: string, { mustExist = false } = {}): string {
    let path = this.#root
    for (const segment of segments) {
      path = `${path}/${segment}`
      if (this.#made.has(path)) continue
      const isThere = lstatSync(path, { throwIfNoEntry: false }) !== undefined
      if (!isThere && mustExist) {
        throw new GoregoError(
          'invalid-argument',
          `${what} ${segments.join('/')} is not among the inputs, which this server wants (execution.strict)`,
        )
      }
      if (!isThere) this.#makeOne(path)
      else if (!this.#leadsInside(path)) {
        throw new GoregoError(
          'invalid-argument',
          `${what} ${segments.join('/')}: ${segment} is no directory inside the input root`,
        )
      }
      this.#made.add(path)
    }
    return path
  }

  #makeOne(path: string): void {
    mkdirSync(path)
    if (this.#user !== undefined) chownSync(path, this.#user.uid, this.#user.gid)
  }

  /** The path of a directory after the action ran; undefined where there is none. */
  find(segments: readonly string[], what: string): string | undefined {
    if (!this.#found.has(segments)) this.#found.set(segments, this.#find(segments, what))
    return this.#found.get(segments)
  }

  #find(segments: readonly string[], what: string): string | undefined {
    const path = [this.#root, ...segments].join('/')
    if (followed(path) === undefined) return undefined
    if (this.#leadsInside(path)) return path
    throw new GoregoError(
      'failed-precondition',
      `${what} ${segments.join('/')} leads to something that is no directory inside the input root`,
    )
  }

  #leadsInside(path: string): boolean {
    if (!followed(path)?.isDirectory()) return false
    const real = realpathSync.native(path)
    return real === this.#root || real.startsWith(`${this.#root}/`)
  }
}

/** What is at the end of the symbolic links at a path; undefined where that is nothing, also when they lead in a circle. */
export function followed(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') return undefined
    throw error
  }
}
