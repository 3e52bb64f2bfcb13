import type { Output } from '@gorego/core'

/** An output of an action, for programs. */
export function outputJson(output: Output): Record<string, unknown> {
  const { kind, path } = output
  if (output.kind === 'symlink') return { kind, path, target: output.target }
  if (output.kind === 'directory') {
    const { tree, rootDirectory } = output
    return { kind, path, ...(tree && { tree: String(tree) }), ...(rootDirectory && { root: String(rootDirectory) }) }
  }
  return { kind, path, digest: String(output.digest), executable: output.executable }
}
