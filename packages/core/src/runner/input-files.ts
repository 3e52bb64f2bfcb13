import { lstatSync, type Stats, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { type Digest, isEmptyBlob } from '../digest/index.js'
import {
  type BlobVariant,
  ifThere,
  isIntact,
  linkOrCopy,
  STORED_MTIME_S,
  type StoreLayout,
  sealFile,
  storedMode,
} from '../disk/index.js'
import type { BlobFiles } from './blob-files.js'
import type { FileState } from './found-files.js'
import { OpenedFile } from './opened-file.js'

/** Bytes above which a file is not to be read again just because it was linked a moment ago. */
const LARGE = 256 * 1024

/** File times come from a coarse clock: a change just after a moment can be stamped as just before it. */
export const COARSE_CLOCK_MS = 10

/** No change time of a file: what has it is read again at the next look. */
const UNKNOWN = 0

/** A file of an input root, as it was put in place. */
export interface PlacedFile {
  readonly digest: Digest
  readonly variant: BlobVariant
  /** Which file it is, for ever: a path may come to lead to another. */
  readonly inode: number
  readonly mode: number
  /** Whether the store has the same file under its name. */
  readonly shared: boolean
  /** Its change time when it was last known to have the right content, in milliseconds since 1970. */
  changedAt: number
}

/** `replaced`: something else is at the path, or a file of the action's own is not what it was. `altered`: a stored blob may not be what it was. */
export type FileFate = 'same' | 'replaced' | 'altered'

/**
 * Puts stored blobs into an input root, and tells later whether they are what they were. An action can put a modification
 * time back, but not a change time. That one also moves whenever somebody makes or removes a link, so a file whose change
 * time moved is read again, and not condemned.
 */
export class InputFiles {
  readonly #layout: StoreLayout
  readonly #blobs: BlobFiles
  /** When the last of the large files was linked. */
  #latestLarge = UNKNOWN

  constructor(layout: StoreLayout, blobs: BlobFiles) {
    this.#layout = layout
    this.#blobs = blobs
  }

  /**
   * Puts an input file in place: a link to the stored file, or a copy where it must not share the inode (`copy`) or
   * cannot. Undefined if the store does not have the blob, or not whole. The executable bit belongs to an inode, so
   * executables are linked to one of their own (CM-12).
   */
  place(digest: Digest, executable: boolean, target: string, copy: boolean): PlacedFile | undefined {
    const variant = executable ? 'executable' : 'plain'
    if (isEmptyBlob(digest)) {
      writeFileSync(target, '', { flag: 'wx', mode: storedMode(variant) })
      utimesSync(target, STORED_MTIME_S, STORED_MTIME_S)
      return placed(digest, variant, lstatSync(target), false)
    }
    if (copy) {
      return this.#blobs.copyIntact(digest, target, variant)
        ? placed(digest, variant, lstatSync(target), false)
        : undefined
    }
    const link = () => this.#linkIntact(digest, variant, target)
    return link() ?? (executable && this.#blobs.makeExecutable(digest) ? link() : undefined)
  }

  /**
   * Waits, some milliseconds at most, until a change to a large file will be stamped with another time than our link. To
   * be called when everything is in place, before the command is started.
   */
  settle(): void {
    const rest = this.#latestLarge + COARSE_CLOCK_MS - Date.now()
    this.#latestLarge = UNKNOWN
    if (rest > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, rest)
  }

  /**
   * What became of a file that was placed in a directory (`parent`: its path) before a command was started (milliseconds since 1970); `state`: what is
   * there now. Another action
   * may have written to it; its runner had it thrown out of the store, and by now somebody may have sent it again. So not
   * what the store has counts, but the file that was linked, and where that is neither in the store nor where the
   * action had it, nobody knows.
   */
  fateOf(file: PlacedFile, parent: string, name: string, state: FileState | undefined, startedAt: number): FileFate {
    if (this.#isSame(file, state, startedAt, () => `${parent}/${name}`)) return 'same'
    if (!file.shared) return 'replaced'
    const stored = this.#layout.blob(file.digest, file.variant)
    return this.#isSame(file, statsIfAny(stored), startedAt, () => stored) ? 'replaced' : 'altered'
  }

  /** `path`: asked for where the file has to be read. */
  #isSame(file: PlacedFile, stats: FileState | undefined, startedAt: number, path: () => string): boolean {
    // The mode belongs to the inode, too: one `chmod +x`, and the blob would be a program for everybody.
    if (stats?.ino !== file.inode || stats.mode !== file.mode || !isIntact(stats, file.digest.sizeBytes)) return false
    if (stats.ctimeMs === file.changedAt && file.changedAt <= startedAt - COARSE_CLOCK_MS) return true
    if (!this.#hasContentOf(file, path())) return false
    // A change that comes right after this look may be stamped with the same time.
    file.changedAt = stats.ctimeMs < Date.now() - COARSE_CLOCK_MS ? stats.ctimeMs : UNKNOWN
    return true
  }

  #hasContentOf({ digest }: PlacedFile, path: string): boolean {
    if (digest.sizeBytes === 0) return true
    using opened = OpenedFile.open(path)
    return opened !== undefined && this.#blobs.digestOf(digest.fn, opened).equals(digest)
  }

  /** Links a stored file, unless it is not there, was cut short, or was written to. */
  #linkIntact(digest: Digest, variant: BlobVariant, target: string): PlacedFile | undefined {
    const source = this.#layout.blob(digest, variant)
    const done = ifThere(() => linkOrCopy(source, target))
    if (done === undefined) return undefined
    const stats = lstatSync(done === 'linked' ? target : source, { throwIfNoEntry: false })
    if (stats === undefined || !isIntact(stats, digest.sizeBytes)) {
      unlinkSync(target)
      return undefined
    }
    if (done === 'copied') {
      sealFile(target, variant)
      return placed(digest, variant, lstatSync(target), false)
    }
    if (digest.sizeBytes > LARGE) this.#latestLarge = Math.max(this.#latestLarge, stats.ctimeMs)
    return placed(digest, variant, stats, true)
  }
}

function placed(digest: Digest, variant: BlobVariant, stats: Stats, shared: boolean): PlacedFile {
  return { digest, variant, inode: stats.ino, mode: stats.mode, shared, changedAt: stats.ctimeMs }
}

/** Of what is at a path. Undefined also where an action has closed a directory on the way. */
export function statsIfAny(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}
