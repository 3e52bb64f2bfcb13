import { rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { digestFunctions } from '../digest/index.js'
import { removeTree, Session, type StoreLayout } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { storeAt } from './store-statistics.js'

/** What results of an instance are kept in. */
const INSTANCE_NAME = /^[ih]-/

/**
 * Removes every blob and every action result, and nothing that is not ours. Throws `failed-precondition` while a process has the
 * store open, because its clients were told of what is there.
 */
export async function emptyStore(dir: string): Promise<void> {
  const layout = unusedStoreAt(dir)
  // Sweeps what killed processes left, and shows others that somebody is at it.
  using _session = Session.open(layout.sessions)
  for (const fn of digestFunctions) removeTree(layout.blobFunctionRoot(fn))
  const instances = await readdir(layout.results).catch(() => [])
  for (const name of instances) if (INSTANCE_NAME.test(name)) removeTree(join(layout.results, name))
  rmSync(layout.recency, { force: true })
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
