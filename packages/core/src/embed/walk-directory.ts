import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { unreadable } from './unreadable.js'

/** How long entries are looked at, in milliseconds, before other work gets a turn. */
const TURN_MS = 2

/** Something in a directory of this machine, or below it. */
export interface HostEntry {
  readonly kind: 'directory' | 'file' | 'symlink' | 'other'
  /** From where the walk began, `/` between segments. */
  readonly relative: string
  /** Where it is on this machine. */
  readonly path: string
}

/**
 * Goes through a directory and those below it that `visit` returns true for, in an order of its own. Symbolic links are not followed, but for
 * `from` itself. Throws `invalid-argument` for a directory that cannot be read.
 */
export async function walkDirectory(
  from: string,
  visit: (entry: HostEntry) => boolean,
  signal?: AbortSignal,
): Promise<void> {
  const waiting = [{ relative: '', path: from }]
  let began = performance.now()
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, relative } = next
    signal?.throwIfAborted()
    const entries = await readdir(path, { withFileTypes: true }).catch((error) => {
      throw unreadable(error, path, 'directory')
    })
    for (const entry of entries) {
      const { name } = entry
      const kind = entry.isDirectory()
        ? 'directory'
        : entry.isSymbolicLink()
          ? 'symlink'
          : entry.isFile()
            ? 'file'
            : 'other'
      const found = { kind, relative: relative === '' ? name : `${relative}/${name}`, path: join(path, name) } as const
      if (visit(found) && kind === 'directory') waiting.push(found)
      if (performance.now() - began < TURN_MS) continue
      await nextTurn()
      began = performance.now()
    }
  }
}
