import { chmodSync, statSync } from 'node:fs'
import { makeDirectories } from './make-directories.js'
import type { StoreLayout } from './store-layout.js'

/** Has other users pass through a store's directory and list nothing, and keeps them out of what is stored in it. */
export function closeToOthers(layout: StoreLayout): void {
  for (const path of [layout.blobs, layout.results]) {
    makeDirectories(path)
    chmodSync(path, 0o700)
  }
  letPass(layout.root)
}

/** Has other users pass through a directory; what else they may stays as it is. */
export function letPass(path: string): void {
  const { mode } = statSync(path)
  if ((mode & 0o011) !== 0o011) chmodSync(path, (mode & 0o7777) | 0o011)
}
