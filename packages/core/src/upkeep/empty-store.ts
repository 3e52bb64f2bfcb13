import { type Dirent, rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { digestFunctions } from '../digest/index.js'
import { removeTree, Session, type StoreLayout } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { storeAt } from './store-statistics.js'

/** What results of an instance are kept in. */
const INSTANCE_NAME = /^[ih]-/

/** Who waits for a store to be emptied. */
export interface EmptyStoreOptions {
  /** Is told so many files more are gone, directory by directory. */
  readonly onRemoved?: (files: number) => void
}

/**
 * Removes every blob and every action result, and nothing that is not ours. Throws `failed-precondition` while a process has the
 * store open, because its clients were told of what is there. Others have their turn in between.
 */
export async function emptyStore(dir: string, { onRemoved = () => {} }: EmptyStoreOptions = {}): Promise<void> {
  const layout = unusedStoreAt(dir)
  // Sweeps what killed processes left, and shows others that somebody is at it.
  using _session = Session.open(layout.sessions)
  for (const fn of digestFunctions) await removeShards(layout.blobFunctionRoot(fn), onRemoved)
  for (const { name } of await entriesOf(layout.results)) {
    if (!INSTANCE_NAME.test(name)) continue
    const instance = join(layout.results, name)
    for (const fn of digestFunctions) await removeShards(join(instance, fn.name), onRemoved)
    removeTree(instance)
  }
  rmSync(layout.recency, { force: true })
}

/** Shard by shard: all at once would take minutes, in which nobody else had a turn. */
async function removeShards(directory: string, onRemoved: (files: number) => void): Promise<void> {
  for (const shard of await entriesOf(directory)) {
    const path = join(directory, shard.name)
    // What is no directory, a link to one too, goes as it is.
    const files = shard.isDirectory() ? (await entriesOf(path)).length : 1
    removeTree(path)
    onRemoved(files)
  }
  removeTree(directory)
}

async function entriesOf(directory: string): Promise<Dirent[]> {
  return await readdir(directory, { withFileTypes: true }).catch(() => [])
}

/** Throws `failed-precondition` while a process has the store open, and `not-found` where there is none. */
export function unusedStoreAt(dir: string): StoreLayout {
  const layout = storeAt(dir)
  const pids = Session.living(layout.sessions)
  if (pids.length === 0) return layout
  throw new GoregoError(
    'failed-precondition',
    `${dir} is in use by process ${pids.join(', ')}, which relies on what is there; stop it first`,
  )
}
