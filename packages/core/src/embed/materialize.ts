import { createWriteStream } from 'node:fs'
import { symlink as makeSymlink, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { concurrently } from './concurrently.js'
import { type DirectorySource, nodeDigest, openDirectory } from './directory-source.js'
import type { Output } from './run-result.js'
import { TargetDirectory } from './target-directory.js'

/** Files that are written at the same time. */
const WIDTH = 8

interface FileToWrite {
  readonly path: string
  readonly digest: Digest
  readonly executable: boolean
}

/** `path`: below the target directory, as in the result. */
interface LinkToMake {
  readonly path: string
  readonly target: string
}

/** What is left to do when every directory is made. */
interface Plan {
  readonly target: TargetDirectory
  readonly files: FileToWrite[]
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
  signal?: AbortSignal,
): Promise<void> {
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
  await concurrently(plan.files, WIDTH, (file) => writeFile(file, cas, signal))
  for (const link of plan.links) {
    await makeSymlink(link.target, await plan.target.clear(link.path))
  }
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

let written = 0

async function writeFile(
  { path, digest, executable }: FileToWrite,
  cas: ContentAddressableStorage,
  signal?: AbortSignal,
): Promise<void> {
  const temporary = join(dirname(path), `.gorego-${process.pid}-${written++}`)
  try {
    const target = createWriteStream(temporary, { mode: executable ? 0o755 : 0o644 })
    await pipeline(Readable.from(cas.read(digest, {}, signal), { objectMode: false }), target, { signal })
    await replace(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function replace(temporary: string, path: string): Promise<void> {
  try {
    await rename(temporary, path)
  } catch (error) {
    // An earlier output of the same path was a directory.
    if ((error as NodeJS.ErrnoException).code !== 'EISDIR') throw error
    await rm(path, { recursive: true })
    await rename(temporary, path)
  }
}
