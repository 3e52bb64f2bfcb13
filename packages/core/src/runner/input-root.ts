import { chmodSync, chownSync, lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Digest } from '../digest/index.js'
import { isDiskFull, removeTree } from '../disk/index.js'
import type { DirectoryToLookAt, FoundFiles } from './found-files.js'
import { isAsLeft, type KeptDirectory } from './kept-directory.js'
import { restoreDirectory } from './restoring.js'
import { DisturbedRoot, makeDirectory, Staging, type StagingOptions } from './staging.js'
import { WatchedInputs } from './watched-inputs.js'

/** What is remembered of an input root takes some 200 bytes an entry; larger ones are removed and made afresh. */
const MAX_KEPT_ENTRIES = 100_000

const ROOT = 'root'

/** For the user of a slot's commands to pass through, and for other slots' not to. */
const PASS_MODE = 0o710

export interface InputRootOptions extends StagingOptions {
  /** A directory of the runner's own. What an earlier runner left there is removed. */
  readonly directory: string
  /** Whether no action, of this slot or another, can write to stored files. Default false. */
  readonly inputsAreSafe?: boolean
}

/**
 * A slot's input root, which stays from one action to the next (CM-12): every directory, also the empty ones, every file
 * as a link to the stored blob, or as a copy where it has attributes of its own, every symbolic link as the client wrote it.
 *
 * `stage` changes what differs between the last tree and the next: where the digest of a Directory is the same, so is
 * everything below it. After the command `altered` tells whether it wrote to what the store has, and `restore` finds what
 * else it did and undoes it: a file that is not the one that was put there, by inode, mode, size and times, is taken out;
 * a directory whose change time moved is listed, and strangers in it are removed. Change times cannot be set back, and where
 * the clock is too coarse to tell, a look decides. What is taken out is put in place again by the next `stage` that wants it.
 */
export class InputRoot {
  readonly #options: InputRootOptions
  /** Holds the input root and nothing else. */
  #place: string
  #places = 0
  /** The place as a directory with one directory in it; undefined while there is nothing. */
  #top: KeptDirectory | undefined
  #realPath = ''
  /** When the command of this action was started, in milliseconds since 1970; 0 before that. */
  #startedAt = 0
  /** From the start of the command until its files were looked at. */
  #watched: WatchedInputs | undefined
  /** What `altered` learned of directories. */
  #untouched: ReadonlySet<KeptDirectory> | undefined
  /** Nothing of it may be used again. */
  #spoilt = false

  constructor(options: InputRootOptions) {
    this.#options = options
    this.#place = options.directory
    this.#remove()
  }

  /** The directory around the input root. What an action makes there is removed, too. */
  get place(): string {
    return this.#place
  }

  /** Of the input root, without symbolic links on the way. */
  get path(): string {
    return this.#realPath
  }

  /** Files, directories and symbolic links in it. */
  get entries(): number {
    return this.#top?.directories.get(ROOT)?.entries ?? 0
  }

  /** Lays out a tree. Names that could lead elsewhere throw `invalid-argument`; after any error all is laid out afresh. */
  stage(root: Digest): Staging {
    this.#startedAt = 0
    this.#watched = undefined
    this.#untouched = undefined
    if (this.#spoilt) this.#remove()
    else if (this.#isDisturbed()) this.#leave()
    const hadRoot = this.#top !== undefined
    try {
      return this.#stage(root)
    } catch (error) {
      if (error instanceof DisturbedRoot) this.#leave()
      // What is kept may hold on to blobs that the store has evicted.
      else if (hadRoot && isDiskFull(error)) this.#remove()
      else throw error
    }
    return this.#stage(root)
  }

  /** To be called when all is ready for the command. Returns what to look at for `altered` when it is over. */
  start(): DirectoryToLookAt[] {
    const { files, inputsAreSafe } = this.#options
    files.settle()
    this.#startedAt = Date.now()
    const root = this.#top?.directories.get(ROOT)
    this.#watched = root && new WatchedInputs(root, `${this.#place}/${ROOT}`, inputsAreSafe === true)
    return this.#watched?.toLookAt() ?? []
  }

  /**
   * Which of the stored blobs that are linked here are not what they were, or may not have been while the command ran. `found`:
   * where `start` said, since the command is over; without it, this looks.
   */
  altered(found?: FoundFiles): Digest[] {
    const altered = new Map<string, Digest>()
    this.#untouched = this.#watched?.forEachFile(
      found,
      this.#startedAt,
      (placed, state, name, directory, directoryPath) => {
        const fate = this.#options.files.fateOf(placed, directoryPath, name, state, this.#startedAt)
        if (fate !== 'same') directory.files.set(name, undefined)
        if (fate === 'altered') altered.set(placed.digest.key, placed.digest)
      },
    )
    this.#watched = undefined
    return [...altered.values()]
  }

  /** Undoes what the command did, after `altered`. `isOutput`: inodes that became the store's as outputs. */
  restore(isOutput: (inode: number) => boolean): void {
    const root = this.#top?.directories.get(ROOT)
    const unchecked = this.#watched !== undefined
    const untouched = this.#untouched
    this.#untouched = undefined
    if (this.#spoilt || unchecked || root === undefined || root.entries > MAX_KEPT_ENTRIES) {
      this.#remove()
      return
    }
    try {
      const options = { startedAt: this.#startedAt, aside: this.#place, isOutput, untouched }
      if (this.#top === undefined || !restoreDirectory(this.#top, this.#place, options)) this.#remove()
    } catch {
      // Somebody who got away keeps writing there, or a limit was met: what one removal does not get at, the next may.
      this.#remove()
    }
  }

  /** Has everything laid out afresh from the next action on. */
  distrust(): void {
    this.#spoilt = true
  }

  #stage(root: Digest): Staging {
    // Until all of it is there.
    this.#spoilt = true
    const kept = this.#top?.directories.get(ROOT)
    const staging = new Staging(this.#options, root, kept)
    this.#top ??= this.#makePlace()
    staging.bring(this.#top, ROOT, `${this.#place}/${ROOT}`, root)
    if (kept === undefined) {
      this.#realPath = realpathSync.native(`${this.#place}/${ROOT}`)
      this.#top.changedAt = lstatSync(this.#place).ctimeMs
    }
    this.#spoilt = staging.hasAttributes
    return staging
  }

  #isDisturbed(): boolean {
    if (this.#top === undefined) return lstatSync(this.#place, { throwIfNoEntry: false }) !== undefined
    const root = this.#top.directories.get(ROOT)
    return !isAsLeft(this.#top, this.#place) || (root !== undefined && !isAsLeft(root, `${this.#place}/${ROOT}`))
  }

  #makePlace(): KeptDirectory {
    // The first place, which later ones are in, may be gone.
    mkdirSync(dirname(this.#place), { recursive: true })
    return makeDirectory(this.#place, () => {
      const { user } = this.#options
      if (user === undefined) return
      chownSync(this.#place, process.geteuid?.() ?? 0, user.gid)
      chmodSync(this.#place, PASS_MODE)
    })
  }

  /** Where something cannot be removed, because a process that got away keeps writing there, it is left for whoever sweeps next. */
  #remove(): void {
    this.#top = undefined
    this.#spoilt = false
    try {
      removeTree(this.#place)
    } catch {
      this.#leave()
    }
  }

  /** Still inside the slot's directory: the main process looks there for what outlives us. */
  #leave(): void {
    this.#top = undefined
    this.#spoilt = false
    this.#place = `${this.#options.directory}/${process.pid}-${this.#places++}`
  }
}
