import type { Digest } from '../digest/index.js'
import type { DirectoryOutput } from './run-result.js'

/**
 * What is put at a path of an action's input tree. Made by `file`, `directory`, `glob`, `content`, `symlink`, `stored` and `storedDirectory`.
 */
export type Input = SingleInput | { readonly kind: 'directory'; readonly path: string } | GlobInput

/** What is one entry of the tree, or a directory that is described already. */
export type SingleInput =
  | { readonly kind: 'file'; readonly path: string; readonly executable?: boolean }
  | { readonly kind: 'content'; readonly bytes: Uint8Array; readonly executable: boolean }
  | { readonly kind: 'symlink'; readonly target: string }
  | { readonly kind: 'stored'; readonly digest: Digest; readonly executable: boolean }
  | { readonly kind: 'stored-directory'; readonly output: DirectoryOutput }

/** A file of this machine. Executable in the action if it is here, unless `executable` says otherwise. */
export function file(path: string, options: { readonly executable?: boolean } = {}): Input {
  return { kind: 'file', path, ...options }
}

/** A directory of this machine with everything below it; symbolic links stay symbolic links. */
export function directory(path: string): Input {
  return { kind: 'directory', path }
}

/** Files of this machine that patterns match. */
export interface GlobInput {
  readonly kind: 'glob'
  readonly patterns: readonly string[]
  readonly from: string
  readonly dotfiles: boolean
  readonly allowEmpty: boolean
}

/** Where the patterns of a glob count from, and what they match. */
export interface GlobOptions {
  /** The directory of this machine that patterns and the paths in the action count from. Nothing beside it is looked at. */
  readonly from: string
  /** Whether `*` and `**` match names that begin with a dot. Default: only patterns with that dot do. */
  readonly dotfiles?: boolean
  /** Whether patterns may match nothing. Default: one that does is an error. */
  readonly allowEmpty?: boolean
}

/**
 * Files of this machine by pattern: `glob(['src/**\/*.ts', '!**\/*.test.ts'], { from: '.' })`. Each is put at its path below `from`, under the
 * input's own path, which is `.` for the input root itself.
 *
 * `*` and `?` stand for what is inside a name, `**` for any number of directories; `{a,b}` and `[a-z]` are known, a backslash takes what is
 * special away. A pattern that begins with `!` leaves out, wherever it stands, and directories with everything in them. Symbolic links that
 * match stay symbolic links and are not followed; what they point to has to be an input, too.
 */
export function glob(patterns: string | readonly string[], options: GlobOptions): Input {
  const { from, dotfiles = false, allowEmpty = false } = options
  return { kind: 'glob', patterns: typeof patterns === 'string' ? [patterns] : patterns, from, dotfiles, allowEmpty }
}

/** A file that holds this text or these bytes. */
export function content(data: string | Uint8Array, options: { readonly executable?: boolean } = {}): Input {
  return {
    kind: 'content',
    bytes: typeof data === 'string' ? Buffer.from(data) : data,
    executable: options.executable ?? false,
  }
}

/** A symbolic link with this target, written as it is. */
export function symlink(target: string): Input {
  return { kind: 'symlink', target }
}

/** A blob that the store already holds: an output file of another action, say. */
export function stored(digest: Digest, options: { readonly executable?: boolean } = {}): Input {
  return { kind: 'stored', digest, executable: options.executable ?? false }
}

/** A directory that another action made, with everything below it. Nothing else can be put into it. */
export function storedDirectory(output: DirectoryOutput): Input {
  return { kind: 'stored-directory', output }
}

/**
 * Paths in the action's input root, `/` between segments, and what is there. Directories on the way come by themselves. `.` is the input root
 * itself, for a directory or a glob.
 */
export type Inputs = Readonly<Record<string, Input>>
