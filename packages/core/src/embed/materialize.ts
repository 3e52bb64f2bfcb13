import { symlink as makeSymlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContentAddressableStorage } from '../cas/index.js'
import { GoregoError } from '../errors/index.js'
import { concurrently } from './concurrently.js'
import { type DirectorySource, nodeDigest, openDirectory } from './directory-source.js'
import { type FileToPlace, type Materialized, type MaterializeOptions, PlacedFiles } from './placed-files.js'
import type { Output } from './run-result.js'
import { TargetDirectory } from './target-directory.js'

/** Files that are written at the same time. */
const WIDTH = 8

/** `path`: below the target directory, as in the result. */
interface LinkToMake {
  readonly path: string
  readonly target: string
}

/** What is left to do when every directory is made. */
interface Plan {
  readonly target: TargetDirectory
  readonly files: FileToPlace[]
  readonly links: LinkToMake[]
}

/**
 * Writes outputs below a directory. Results may come from another machine: no path in them leads out of it, and symbolic
 * links are made last, so that nothing is written through them.
 */
export async function materialize(
  outputs: readonly Output[],
  targetDirectory: string,
  cas: ContentAddressableStorage,
  options: MaterializeOptions = {},
  signal?: AbortSignal,
): Promise<Materialized> {
  const plan: Plan = { target: await TargetDirectory.open(targetDirectory), files: [], links: [] }
  for (const output of outputs) {
    if (output.kind === 'symlink') {
      plan.links.push(output)
    } else if (output.kind === 'directory') {
      await layOut(output.path, await openDirectory(output, cas, signal), plan)
    } else {
      plan.files.push({ ...output, path: await plan.target.place(output.path) })
    }
  }
  const placed = new PlacedFiles(cas, options)
  await concurrently(plan.files, WIDTH, (file) => placed.place(file, signal))
  for (const link of plan.links) {
    await makeSymlink(link.target, await plan.target.clear(link.path))
  }
  return placed.counts
}

/** Makes directories, and notes their files and links. */
async function layOut(outputPath: string, source: DirectorySource, { target, files, links }: Plan): Promise<void> {
  const { fn, root } = source
  const waiting = [{ path: outputPath, at: await target.makeFresh(outputPath), directory: root }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, at, directory } = next
    const name = nameCheck(path)
    for (const file of directory.getFilesList()) {
      files.push({
        path: join(at, name(file.getName())),
        digest: nodeDigest(fn, file),
        executable: file.getIsExecutable(),
      })
    }
    for (const link of directory.getSymlinksList()) {
      links.push({ path: join(path, name(link.getName())), target: link.getTarget() })
    }
    for (const child of directory.getDirectoriesList()) {
      const childPath = join(path, name(child.getName()))
      waiting.push({ path: childPath, at: await target.make(childPath), directory: source.child(child) })
    }
  }
}

/** DR-01, DR-02: for the names of one Directory. */
function nameCheck(path: string): (name: string) => string {
  const names = new Set<string>()
  return (name) => {
    const isBad = name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')
    if (isBad || names.has(name)) {
      const what = `${JSON.stringify(name)} in the output directory ${JSON.stringify(path)}`
      throw new GoregoError('failed-precondition', `${what} is no name, or comes twice`)
    }
    names.add(name)
    return name
  }
}
