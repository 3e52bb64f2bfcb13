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
  /** Is told what it begins with, and how to ask how far it is. Must not throw. */
  readonly onStage?: (stage: CollectStage, soFar: () => Collected) => void
}

/** Looking for results that are too old, counting blobs, and removing what is too much. */
export type CollectStage = 'results' | 'blobs' | 'evicting'

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
export async function collectGarbage({
  dir,
  maxBytes,
  maxAgeMs,
  onStage = () => {},
}: CollectOptions): Promise<Collected> {
  const layout = unusedStoreAt(dir)
  const before = Date.now() - maxAgeMs
  let results = 0
  onStage('results', () => ({ blobs: 0, results, bytes: 0 }))
  for await (const file of resultFiles(layout)) {
    if (file.usedAt < before && (await removeResult(file))) results++
  }
  using store = await LocalStore.open({ dir, maxBytes, graceMs: 0 })
  const soFar = () => ({ blobs: store.evictions, results, bytes: store.usage.bytes })
  onStage('blobs', soFar)
  await store.loaded
  onStage('evicting', soFar)
  results += await store.tidy(maxAgeMs)
  return soFar()
}
