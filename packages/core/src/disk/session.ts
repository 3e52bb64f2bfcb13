import { randomInt } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { basename, join } from 'node:path'
import { letPass } from './close-to-others.js'
import { makeDirectories } from './make-directories.js'
import { isProcessAlive, processIdentity } from './process-identity.js'
import { removeTree } from './remove-tree.js'

/** The parent may be anybody's directory, so the name says whose it is. `removeTree` adds `.deep-…` to what it moves. */
const SESSION_NAME = /^gorego-(\d+-\d+)-\d+(\.deep-[\d-]+)*$/

/** Times long past, by the second, of which two sessions do not pick the same one by chance: 1990 to 2010. */
const MARKS_FROM_S = 631_152_000
const MARKS_TO_S = 1_262_304_000

/**
 * A directory for whatever this process has under way (uploads, build roots), named after the process. Nothing in it
 * outlives the process: what a killed one left is swept when the next session opens beside it. No lock is held, so
 * several processes may share the parent directory.
 */
export class Session implements Disposable {
  readonly #parent: string
  readonly #directory: string

  private constructor(parent: string, directory: string) {
    this.#parent = parent
    this.#directory = directory
  }

  static open(parent: string): Session {
    makeDirectories(parent, { mode: 0o700 })
    for (const name of readdirSync(parent)) {
      const identity = SESSION_NAME.exec(name)?.[1]
      if (identity !== undefined && !isProcessAlive(identity)) sweep(join(parent, name))
    }
    return new Session(parent, makeDirectory(parent))
  }

  /** Process ids of those that have a session open beside each other there. */
  static living(parent: string): number[] {
    const identities = readdirSync(parent).flatMap((name) => SESSION_NAME.exec(name)?.[1] ?? [])
    return [...new Set(identities)].filter(isProcessAlive).map((identity) => Number.parseInt(identity, 10))
  }

  /** Process ids of other sessions beside this one, with a directory of that name where one is given; this process's own, too. */
  others(having = ''): number[] {
    const names = readdirSync(this.#parent).filter((name) => name !== basename(this.#directory))
    const identities = names.flatMap((name) => {
      const identity = SESSION_NAME.exec(name)?.[1]
      return identity !== undefined && existsSync(join(this.#parent, name, having)) ? identity : []
    })
    return [...new Set(identities)].filter(isProcessAlive).map((identity) => Number.parseInt(identity, 10))
  }

  /**
   * From now on, tells whether there has been no other session beside this one: neither was one there when this was called, nor has one been
   * opened or closed since. Costs one `stat` each time. (The parent gets a modification time that nobody else gives it; whatever is made or removed
   * in it changes that.) Where that cannot be told, there may have been others.
   */
  watchForOthers(): () => boolean {
    let alone = true
    let mark: number
    try {
      const seconds = randomInt(MARKS_FROM_S, MARKS_TO_S)
      utimesSync(this.#parent, seconds, seconds)
      mark = statSync(this.#parent).mtimeMs
      // Looked for after the mark was set: who came before it is seen here, who comes after it by the mark.
      alone = this.others().length === 0
    } catch {
      alone = false
    }
    return () => {
      alone &&= statSync(this.#parent, { throwIfNoEntry: false })?.mtimeMs === mark
      return alone
    }
  }

  /** A directory of that name inside, made when first asked for, for us alone. */
  directory(name: string): string {
    const path = join(this.#directory, name)
    makeDirectories(path, { mode: 0o700 })
    return path
  }

  /** As `directory`; other users may pass through it and what is above, up to where sessions are, and list nothing. */
  passableDirectory(name: string): string {
    const path = this.directory(name)
    for (const each of [this.#parent, this.#directory, path]) letPass(each)
    return path
  }

  [Symbol.dispose](): void {
    sweep(this.#directory)
  }
}

/** What cannot be removed now (a process that got away writes there, or root protected it) the next session tries again. */
function sweep(directory: string): void {
  try {
    removeTree(directory)
  } catch {
    // No reason not to start, or to stop.
  }
}

/** Numbers that are taken belong to other sessions of this process, maybe of another copy of this package or thread. */
function makeDirectory(parent: string): string {
  for (let n = 0; ; n++) {
    const directory = join(parent, `gorego-${processIdentity()}-${n}`)
    try {
      mkdirSync(directory, { mode: 0o700 })
      return directory
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
