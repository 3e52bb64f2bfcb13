import { createWriteStream } from 'node:fs'
import { symlink as makeSymlink, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ContentAddressableStorage } from '../cas/index.js'
import { Digest, type DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage } from '../proto/digests.js'
import { Directory } from '../proto/messages.js'
import { wireFields } from '../proto/wire.js'
import { concurrently } from './concurrently.js'
import type { Output } from './run-result.js'
import { TargetDirectory } from './target-directory.js'

/** Files that are written at the same time. */
const WIDTH = 8

/** The field numbers of REAPI's Tree. */
const TREE_ROOT = 1
const TREE_CHILDREN = 2

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
      await layOutTree(output.path, output.tree, plan, cas, signal)
    } else {
      plan.files.push({ ...output, path: await plan.target.place(output.path) })
    }
  }
  await concurrently(plan.files, WIDTH, (file) => writeFile(file, cas, signal))
  for (const link of plan.links) {
    await makeSymlink(link.target, await plan.target.clear(link.path))
  }
}

/** Makes the directories of a Tree, and notes its files and links. */
async function layOutTree(
  outputPath: string,
  treeDigest: Digest,
  { target, files, links }: Plan,
  cas: ContentAddressableStorage,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { fn } = treeDigest
  const { root, children } = readTree(fn, await cas.get(treeDigest, signal), treeDigest)
  const waiting = [{ path: outputPath, at: await target.makeFresh(outputPath), directory: root }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, at, directory } = next
    if (directory === undefined)
      throw new GoregoError('failed-precondition', `the Tree ${treeDigest} lacks one of its directories`)
    const name = nameCheck(path)
    for (const file of directory.getFilesList()) {
      files.push({
        path: join(at, name(file.getName())),
        digest: digestOf(fn, file),
        executable: file.getIsExecutable(),
      })
    }
    for (const link of directory.getSymlinksList()) {
      links.push({ path: join(path, name(link.getName())), target: link.getTarget() })
    }
    for (const child of directory.getDirectoriesList()) {
      const childPath = join(path, name(child.getName()))
      const directory = children.get(digestOf(fn, child).key)
      waiting.push({ path: childPath, at: await target.make(childPath), directory })
    }
  }
}

/** Children by the digests of their bytes as they came: whoever made them may have written other fields than we would. */
function readTree(
  fn: DigestFunction,
  bytes: Uint8Array,
  digest: Digest,
): { root: Directory | undefined; children: Map<string, Directory> } {
  let root: Directory | undefined
  const children = new Map<string, Directory>()
  for (const field of wireFields(bytes)) {
    if (field.bytes === undefined) continue
    const directory = () => decode(Directory, field.bytes ?? new Uint8Array(0), `a directory of the Tree ${digest}`)
    if (field.number === TREE_ROOT) root = directory()
    if (field.number === TREE_CHILDREN) children.set(Digest.ofBytes(fn, field.bytes).key, directory())
  }
  return { root, children }
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

function digestOf(
  fn: DigestFunction,
  node: { getName(): string; getDigest(): Parameters<typeof fromDigestMessage>[1] },
): Digest {
  return fromDigestMessage(fn, node.getDigest(), `the digest of ${node.getName()}`)
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
