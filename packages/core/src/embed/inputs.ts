import type { Digest } from '../digest/index.js'
import type { DirectoryOutput } from './run-result.js'

/** One entry of an action's input tree. Made by `file`, `directory`, `content`, `symlink`, `stored` and `storedDirectory`. */
export type Input =
  | { readonly kind: 'file'; readonly path: string; readonly executable?: boolean }
  | { readonly kind: 'directory'; readonly path: string }
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

/** Paths in the action's input root, `/` between segments, and what is there. Directories on the way come by themselves. */
export type Inputs = Readonly<Record<string, Input>>
