// Waits until something below a directory changes.
import { watch } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Begins to watch, and resolves to a function that resolves when something has changed since; undefined once the signal is aborted. One watcher
 * a directory sees files that are written, replaced, made and removed.
 */
export async function watchBelow(root, signal) {
  let tell = () => {}
  const changed = new Promise((resolve) => {
    tell = resolve
  })
  const below = await readdir(root, { recursive: true, withFileTypes: true })
  const directories = below.filter((entry) => entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name))
  const watchers = [root, ...directories].map((directory) => watch(directory, () => tell(true)))
  signal.addEventListener('abort', () => tell(undefined), { once: true })
  if (signal.aborted) tell(undefined)
  return async () => {
    const result = await changed
    for (const watcher of watchers) watcher.close()
    return result
  }
}
