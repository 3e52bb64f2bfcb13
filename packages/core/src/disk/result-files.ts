import type { Dirent } from 'node:fs'
import { lstat, readdir, rmdir, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { blocks } from './blob-index.js'
import type { StoreLayout } from './store-layout.js'

/** Files that are looked at at once, each at some 20 µs of CPU and on other threads. */
const AT_ONCE = 64

/** After each of these, so that a walk through a million results takes a part of a CPU, not the whole. */
const PAUSE_MS = 2

/** Directories that have been empty for so long are removed: nobody is just about to put something in. */
const EMPTY_FOR_MS = 3_600_000

export interface ResultFile {
  readonly path: string
  /** On the disk, in whole blocks. */
  readonly bytes: number
  /** When it was used last, but for an hour or so, in milliseconds since 1970. */
  readonly usedAt: number
}

/** Goes through the stored action results, however many, at leisure. Those that vanish meanwhile are left out. */
export async function* resultFiles(
  layout: StoreLayout,
  onEmpty: (directory: string) => Promise<void> = async () => {},
): AsyncGenerator<ResultFile> {
  for await (const shard of directoriesBelow(layout.results, 3)) {
    const names = (await entries(shard)).filter((entry) => entry.isFile()).map(({ name }) => name)
    if (names.length === 0) await onEmpty(shard)
    for (let at = 0; at < names.length; at += AT_ONCE) {
      const files = await Promise.all(names.slice(at, at + AT_ONCE).map((name) => look(join(shard, name))))
      for (const file of files) if (file !== undefined) yield file
      if (names.length > AT_ONCE) await pause(PAUSE_MS)
    }
  }
}

/** False if it is gone already. Somebody may have put another result in its place just now; then that one is a miss. */
export async function removeResult({ path }: ResultFile): Promise<boolean> {
  return await unlink(path).then(
    () => true,
    (error) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
      throw error
    },
  )
}

async function* directoriesBelow(directory: string, depth: number): AsyncGenerator<string> {
  if (depth === 0) {
    yield directory
    return
  }
  for (const entry of await entries(directory)) {
    if (entry.isDirectory()) yield* directoriesBelow(join(directory, entry.name), depth - 1)
  }
}

async function entries(directory: string): Promise<Dirent[]> {
  return await readdir(directory, { withFileTypes: true }).catch((error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  })
}

async function look(path: string): Promise<ResultFile | undefined> {
  const stats = await lstat(path).catch(() => undefined)
  return stats?.isFile() ? { path, bytes: blocks(stats.size), usedAt: stats.mtimeMs } : undefined
}

/** Removes a directory that has been empty for long, with those of its digest function and of its instance, if they have become empty by that. */
export async function removeEmpty(shard: string, now: number): Promise<void> {
  const stats = await lstat(shard).catch(() => undefined)
  if (stats === undefined || now - stats.mtimeMs < EMPTY_FOR_MS) return
  try {
    for (const directory of [shard, dirname(shard), dirname(dirname(shard))]) await rmdir(directory)
  } catch {
    // There is something in it.
  }
}
