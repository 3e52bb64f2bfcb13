// Where things are in this repository, for all scripts.
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// `npx gorego` in a clone links the whole repository into npm's cache and starts us through that link:
// the real path is the one place where node_modules, dist and the lock belong.
export const root = realpathSync(fileURLToPath(new URL('../..', import.meta.url)))

/** Locks, builds on their way and the tests' transpile cache. Ignored by git; may be deleted whenever nothing runs. */
export const scratch = join(root, '.gorego-build')

/** The packages that have a dist, in the order in which they are built. */
export const packages = ['core', 'server', 'cli']

/** The pnpm that made pnpm-lock.yaml, as package.json pins it. */
export const pnpmVersion = () => readJson('package.json').packageManager.replace('pnpm@', '')

export const readJson = (path) => JSON.parse(readFileSync(join(root, path), 'utf8'))

/** Every package.json of the workspace, relative to the root: what pnpm-workspace.yaml's `packages` says. */
export function manifests() {
  const inside = (folder) => folderNames(folder).map((name) => `${folder}/${name}/package.json`)
  const all = [
    'package.json',
    ...inside('packages'),
    ...inside('examples'),
    'bench/package.json',
    'conformance/package.json',
  ]
  return all.filter((path) => readable(path))
}

function folderNames(folder) {
  try {
    return readdirSync(join(root, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
      .sort()
  } catch {
    return []
  }
}

function readable(path) {
  try {
    readFileSync(join(root, path))
    return true
  } catch {
    return false
  }
}
