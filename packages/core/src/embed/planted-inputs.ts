import { readlink } from 'node:fs/promises'
import { resolve } from 'node:path'
import { GoregoError } from '../errors/index.js'
import { type DirectoryNode, FileNode, type SymlinkNode } from '../proto/messages.js'
import { compileGlob, quoted } from './glob-patterns.js'
import type { GlobInput, Input, Inputs, SingleInput } from './inputs.js'
import { type HostEntry, walkDirectory } from './walk-directory.js'

/** A node of the tree as it grows: a directory, or something that is described already. */
export type Node = DirectoryBranch | DirectoryNode | FileNode | SymlinkNode

export class DirectoryBranch {
  readonly children = new Map<string, Node>()
}

/** Something that is to be described, and where it goes. */
export interface Leaf {
  readonly parent: DirectoryBranch
  readonly name: string
  readonly input: SingleInput
}

/** Where every input goes: directories of this machine and globs are single files and links by now. */
export interface PlantedInputs {
  readonly root: DirectoryBranch
  readonly leaves: readonly Leaf[]
}

/** Throws `invalid-argument` for a path that is none, two inputs at one path, and what cannot be read or is not there. */
export async function plantInputs(inputs: Inputs, signal?: AbortSignal): Promise<PlantedInputs> {
  const planting = new Planting(signal)
  for (const [path, input] of Object.entries(inputs)) await planting.plant(path, input)
  return planting
}

class Planting implements PlantedInputs {
  readonly root = new DirectoryBranch()
  readonly leaves: Leaf[] = []
  readonly #signal: AbortSignal | undefined

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  async plant(path: string, input: Input): Promise<void> {
    if (input.kind === 'directory') await this.#plantDirectory(this.#directoryAt(path), path, input.path)
    else if (input.kind === 'glob') await this.#plantMatches(path, input)
    else this.#plantOne(this.root, segmentsOf(path), path, input)
  }

  async #plantDirectory(target: DirectoryBranch, at: string, from: string): Promise<void> {
    const found: HostEntry[] = []
    await walkDirectory(from, (entry) => found.push(entry) > 0, this.#signal)
    for (const entry of found) {
      const segments = entry.relative.split('/')
      if (entry.kind === 'directory') branches(target, segments, entry.path)
      else await this.#plantEntry(target, at, entry)
    }
  }

  /** Directories come with what is in them. */
  async #plantMatches(at: string, { patterns, from, dotfiles, allowEmpty }: GlobInput): Promise<void> {
    const target = this.#directoryAt(at)
    const glob = await compileGlob(patterns, dotfiles)
    const found: HostEntry[] = []
    const directories = new Set<string>()
    const visit = (entry: HostEntry) => {
      const { kind, relative } = entry
      if (kind !== 'directory') return glob.matches(relative) && found.push(entry) > 0
      directories.add(relative)
      return glob.mayHold(relative)
    }
    await walkDirectory(from, visit, this.#signal)
    const [unmatched] = glob.unmatched
    if (unmatched !== undefined && !allowEmpty) throw matchesNothing(unmatched, from, directories)
    for (const entry of found) await this.#plantEntry(target, at, entry)
  }

  async #plantEntry(target: DirectoryBranch, at: string, { kind, relative, path }: HostEntry): Promise<void> {
    const segments = relative.split('/')
    const place = at === ROOT ? relative : `${at}/${relative}`
    if (kind === 'file') this.#plantOne(target, segments, place, { kind, path })
    else if (kind === 'symlink') this.#plantOne(target, segments, place, { kind, target: await readlink(path) })
    else
      throw new GoregoError(
        'invalid-argument',
        `${path} is neither a file, a directory nor a symbolic link: it cannot be an input`,
      )
  }

  #plantOne(from: DirectoryBranch, segments: readonly string[], path: string, input: SingleInput): void {
    const name = segments.at(-1) ?? ''
    const parent = branches(from, segments.slice(0, -1), path)
    if (parent.children.has(name)) throw twice(path)
    // Reserves the name until the file is described.
    parent.children.set(name, new FileNode())
    this.leaves.push({ parent, name, input })
  }

  #directoryAt(path: string): DirectoryBranch {
    return path === ROOT ? this.root : branches(this.root, segmentsOf(path), path)
  }
}

/** What a directory or a glob is put at that is all of the input root, or part of it beside others. */
const ROOT = '.'

function segmentsOf(path: string): string[] {
  const segments = path.split('/')
  if (!segments.some((segment) => segment === '' || segment === '.' || segment === '..' || segment.includes('\0')))
    return segments
  throw new GoregoError(
    'invalid-argument',
    `the input path ${JSON.stringify(path)} must be relative, with / between its segments, and must not lead up; "." is for directories and globs`,
  )
}

/** The directory there, made if it is not. */
function branches(from: DirectoryBranch, segments: readonly string[], path: string): DirectoryBranch {
  let parent = from
  for (const name of segments) {
    const existing = parent.children.get(name) ?? new DirectoryBranch()
    if (!(existing instanceof DirectoryBranch)) throw twice(path)
    parent.children.set(name, existing)
    parent = existing
  }
  return parent
}

function twice(path: string): GoregoError {
  return new GoregoError(
    'invalid-argument',
    `the input ${JSON.stringify(path)} collides with another input of the same path`,
  )
}

function matchesNothing(pattern: string, from: string, directories: ReadonlySet<string>): GoregoError {
  const plain = pattern.replace(/^(\.\/)+|\/+$/g, '')
  const hint = directories.has(plain)
    ? `, but a directory: ${quoted([`${plain}/**`])} is everything in it`
    : '; allowEmpty says that this is fine'
  return new GoregoError(
    'invalid-argument',
    `the glob pattern ${quoted([pattern])} matches no file below ${resolve(from)} that is not left out${hint}`,
  )
}
