import { LocalStore } from '../cas/index.js'
import { removeResult, resultFiles } from '../disk/index.js'
import { unusedStoreAt } from './empty-store.js'

/** Which store to make smaller, and how small. */
export interface CollectOptions {
  readonly dir: string
  /** What blobs and results may take, in bytes of whole blocks. */
  readonly maxBytes: number
  /** What was not used for longer goes in any case, in milliseconds. */
  readonly maxAgeMs: number
}

/** How many blobs and results were removed, and what is left. */
export interface Collected {
  readonly blobs: number
  readonly results: number
  /** What is left, in bytes of whole blocks. */
  readonly bytes: number
}

/**
 * Evicts what was used longest ago until the rest takes no more than it may. Throws `failed-precondition` while a process has
 * the store open, because its clients were told of what is there.
 */
export async function collectGarbage({ dir, maxBytes, maxAgeMs }: CollectOptions): Promise<Collected> {
  const layout = unusedStoreAt(dir)
  const before = Date.now() - maxAgeMs
  let results = 0
  for await (const file of resultFiles(layout)) {
    if (file.usedAt < before && (await removeResult(file))) results++
  }
  using store = await LocalStore.open({ dir, maxBytes, graceMs: 0 })
  await store.loaded
  const removed = await store.tidy(maxAgeMs)
  return { blobs: store.evictions, results: results + removed, bytes: store.usage.bytes }
}
