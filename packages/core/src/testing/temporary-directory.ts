import { mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeTree } from '../disk/index.js'

/** A directory that disappears when it is disposed of. */
export interface TemporaryDirectory extends Disposable {
  /** Absolute, without symbolic links on the way. */
  readonly path: string
}

/**
 * An empty directory of the caller's own, removed with everything in it when disposed of: `using directory =
 * temporaryDirectory()`. `parent` is the system's directory for temporary files unless another file system is needed.
 */
export function temporaryDirectory(parent: string = tmpdir()): TemporaryDirectory {
  const path = realpathSync(mkdtempSync(join(parent, 'gorego-')))
  return { path, [Symbol.dispose]: () => removeTree(path) }
}
