// Files of the repository, by walking: a checkout may have no git, and much of what lies around is not source.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

// What installers, builds and Bazel make.
const notSource = /^(node_modules|dist|dist\.\d+|out|bazel-(bin|out|testlogs|bazel-cpp)|\..*)$/

/** Paths of all files below `base`/`folder`, relative to `base`, sorted. A symbolic link is no file: Bazel's lead far away. */
export function filesBelow(base, folder = '') {
  return entries(join(base, folder)).flatMap((entry) => {
    const path = folder ? `${folder}/${entry.name}` : entry.name
    if (entry.isDirectory()) return notSource.test(entry.name) ? [] : filesBelow(base, path)
    return entry.isFile() ? [path] : []
  })
}

function entries(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}
