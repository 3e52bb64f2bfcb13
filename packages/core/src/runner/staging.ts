import { chownSync, lstatSync, mkdirSync, symlinkSync, unlinkSync } from 'node:fs'
import type { Digest } from '../digest/index.js'
import { removeTree } from '../disk/index.js'
import type { ActionUser } from './action-user.js'
import type { DirectoryReader } from './directory-reader.js'
import type { InputDirectory, InputFile, InputSymlink } from './input-directory.js'
import type { InputFiles, PlacedFile } from './input-files.js'
import { isAsLeft, type KeptDirectory } from './kept-directory.js'
import { applyAttributes, applyLinkAttributes, type InputAttributes } from './node-properties.js'
import { TreePlan } from './tree-plan.js'

export interface StagingOptions {
  readonly files: InputFiles
  readonly directories: DirectoryReader
  /** Keys of the inputs that must not share an inode with the store. */
  readonly copied: ReadonlySet<string>
  /** Who is to write to the directories, and owns files with attributes of their own; undefined for whoever runs this. */
  readonly user?: ActionUser | undefined
}

/** Somebody who got away from an earlier action is at what was kept. */
export class DisturbedRoot extends Error {
  override readonly name = 'DisturbedRoot'
}

/** Turns a kept tree, or nothing, into the tree of one digest, by what differs. */
export class Staging {
  /** Whether something has properties of its own, which `restore` does not compare. */
  hasAttributes = false
  /** Files that were put in place; the others were there. */
  placed = 0
  /** What those add up to: links to stored files, and copies of them. */
  linkedBytes = 0
  copiedBytes = 0
  readonly #options: StagingOptions
  readonly #plan: TreePlan
  readonly #missing = new Map<string, Digest>()
  /** Of directories, those below first. */
  readonly #attributes: { readonly path: string; readonly attributes: InputAttributes }[] = []

  constructor(options: StagingOptions, root: Digest, kept: KeptDirectory | undefined) {
    this.#options = options
    this.#plan = new TreePlan(options.directories, root, kept)
  }

  /** Blobs that the store does not have, all of them (EX-06). If there are any, the layout is incomplete. */
  get missing(): readonly Digest[] {
    return [...this.#missing.values()]
  }

  /** Makes a directory have a directory of that name with exactly that content in it. */
  bring(parent: KeptDirectory, name: string, path: string, digest: Digest): KeptDirectory {
    const kept = parent.directories.get(name)
    if (kept?.digest?.equals(digest)) return kept
    if (kept !== undefined && !isAsLeft(kept, path)) throw new DisturbedRoot()
    const directory = kept ?? makeDirectory(path, () => this.#giveAway(path))
    parent.directories.set(name, directory)
    directory.digest = undefined
    const wanted = this.#plan.directory(digest)
    if (wanted === undefined) this.#missing.set(digest.key, digest)
    else this.#change(directory, wanted, path, digest)
    return directory
  }

  /**
   * Gives directories the modes and times that the client wants. To be called when nothing more will be put into them:
   * that changes the time, and the mode may forbid it.
   */
  finish(): void {
    for (const { path, attributes } of this.#attributes) applyAttributes(path, attributes)
  }

  #change(directory: KeptDirectory, wanted: InputDirectory, path: string, digest: Digest): void {
    let changes = removeUnwanted(directory, wanted, path)
    for (const [name, file] of wanted.files) {
      if (!directory.files.has(name)) changes += this.#placeFile(directory, name, file, `${path}/${name}`)
    }
    for (const [name, link] of wanted.symlinks) {
      if (!directory.symlinks.has(name)) changes += this.#makeLink(directory, name, link, `${path}/${name}`)
    }
    const before = directory.directories.size
    let entries = wanted.files.size + wanted.symlinks.size
    let whole = directory.files.size === wanted.files.size
    for (const [name, child] of wanted.directories) {
      const below = this.bring(directory, name, `${path}/${name}`, child)
      entries += below.entries + 1
      whole &&= below.digest !== undefined
    }
    if (changes + directory.directories.size - before > 0) directory.changedAt = lstatSync(path).ctimeMs
    directory.entries = entries
    if (whole) directory.digest = digest
    if (wanted.attributes !== undefined) {
      this.#attributes.push({ path, attributes: wanted.attributes })
      this.hasAttributes = true
    }
  }

  #placeFile(directory: KeptDirectory, name: string, file: InputFile, path: string): number {
    const { digest, executable, attributes } = file
    const { files, copied } = this.#options
    const copy = attributes !== undefined || copied.has(digest.key)
    const placed = files.place(digest, executable, path, copy)
    if (placed === undefined) {
      this.#missing.set(digest.key, digest)
      return 0
    }
    directory.files.set(name, placed)
    this.placed++
    if (placed.shared) this.linkedBytes += digest.sizeBytes
    else this.copiedBytes += digest.sizeBytes
    if (attributes !== undefined) {
      // Its mode says what the owner may.
      this.#giveAway(path)
      applyAttributes(path, attributes)
      this.hasAttributes = true
    }
    return 1
  }

  #giveAway(path: string): void {
    const { user } = this.#options
    if (user !== undefined) chownSync(path, user.uid, user.gid)
  }

  #makeLink(directory: KeptDirectory, name: string, { target, attributes }: InputSymlink, path: string): number {
    symlinkSync(target, path)
    directory.symlinks.set(name, target)
    if (attributes !== undefined) {
      applyLinkAttributes(path, attributes)
      this.hasAttributes = true
    }
    return 1
  }
}

/** `prepare`: before it is looked at. */
export function makeDirectory(path: string, prepare: () => void): KeptDirectory {
  mkdirSync(path)
  prepare()
  const { ino: inode, mode, ctimeMs: changedAt } = lstatSync(path)
  const empty = { files: new Map(), symlinks: new Map(), directories: new Map() }
  return { digest: undefined, entries: 0, inode, mode, changedAt, ...empty }
}

/** Takes out what another tree does not have; returns how much that was. */
function removeUnwanted(kept: KeptDirectory, wanted: InputDirectory, path: string): number {
  let removed = 0
  for (const [name, file] of kept.files) {
    if (isWanted(file, wanted.files.get(name))) continue
    unlinkSync(`${path}/${name}`)
    kept.files.delete(name)
    removed++
  }
  for (const [name, target] of kept.symlinks) {
    const link = wanted.symlinks.get(name)
    if (link !== undefined && link.target === target && link.attributes === undefined) continue
    unlinkSync(`${path}/${name}`)
    kept.symlinks.delete(name)
    removed++
  }
  for (const name of kept.directories.keys()) {
    if (wanted.directories.has(name)) continue
    removeTree(`${path}/${name}`)
    kept.directories.delete(name)
    removed++
  }
  return removed
}

function isWanted(file: PlacedFile | undefined, wanted: InputFile | undefined): boolean {
  if (file === undefined || wanted === undefined || wanted.attributes !== undefined) return false
  return wanted.executable === (file.variant === 'executable') && wanted.digest.equals(file.digest)
}
