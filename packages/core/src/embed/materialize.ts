import { createWriteStream } from 'node:fs'
import { symlink as makeSymlink, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ContentAddressableStorage } from '../cas/index.js'
import { Digest, type DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage } from '../proto/digests.js'
import { type Directory, Tree } from '../proto/messages.js'
import { concurrently } from './concurrently.js'
import type { Output } from './run-result.js'

/** Files that are written at the same time. */
const WIDTH = 8

interface FileToWrite {
  readonly path: string
  readonly digest: Digest
  readonly executable: boolean
}

/** Writes outputs below a directory. Results may come from another machine: no path in them leads out of it. */
export async function materialize(
  outputs: readonly Output[],
  targetDirectory: string,
  cas: ContentAddressableStorage,
  signal?: AbortSignal,
): Promise<void> {
  const files: FileToWrite[] = []
  for (const output of outputs) {
    const path = inside(targetDirectory, output.path)
    await mkdir(dirname(path), { recursive: true })
    if (output.kind === 'symlink') {
      await rm(path, { force: true, recursive: true })
      await makeSymlink(output.target, path)
    } else if (output.kind === 'directory') {
      await rm(path, { force: true, recursive: true })
      await layOutTree(path, output.tree, cas, files, signal)
    } else {
      files.push({ path, digest: output.digest, executable: output.executable })
    }
  }
  await concurrently(files, WIDTH, (file) => writeFile(file, cas, signal))
}

/** Makes the directories and links of a Tree, and notes the files to write. */
async function layOutTree(
  path: string,
  treeDigest: Digest,
  cas: ContentAddressableStorage,
  files: FileToWrite[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { fn } = treeDigest
  const tree = decode(Tree, await cas.get(treeDigest, signal), `the Tree ${treeDigest}`)
  const children = new Map<string, Directory>()
  for (const child of tree.getChildrenList()) children.set(Digest.ofBytes(fn, child.serializeBinary()).key, child)
  const waiting = [{ path, directory: tree.getRoot() }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    await mkdir(next.path, { recursive: true })
    const { directory } = next
    if (directory === undefined)
      throw new GoregoError('failed-precondition', `the Tree ${treeDigest} lacks one of its directories`)
    const at = (name: string) => inside(next.path, name)
    for (const file of directory.getFilesList()) {
      files.push({ path: at(file.getName()), digest: digestOf(fn, file), executable: file.getIsExecutable() })
    }
    for (const link of directory.getSymlinksList()) await makeSymlink(link.getTarget(), at(link.getName()))
    for (const child of directory.getDirectoriesList()) {
      waiting.push({ path: at(child.getName()), directory: children.get(digestOf(fn, child).key) })
    }
  }
}

function digestOf(
  fn: DigestFunction,
  node: { getName(): string; getDigest(): Parameters<typeof fromDigestMessage>[1] },
): Digest {
  return fromDigestMessage(fn, node.getDigest(), `the digest of ${node.getName()}`)
}

function inside(directory: string, path: string): string {
  const base = resolve(directory)
  const target = resolve(base, path)
  if (path.includes('\0') || !(target === base || target.startsWith(base.endsWith(sep) ? base : base + sep))) {
    throw new GoregoError('failed-precondition', `the output path ${JSON.stringify(path)} leads out of ${directory}`)
  }
  return target
}

async function writeFile(
  { path, digest, executable }: FileToWrite,
  cas: ContentAddressableStorage,
  signal?: AbortSignal,
): Promise<void> {
  const temporary = join(dirname(path), `.gorego-${process.pid}-${digest.hash.slice(0, 16)}`)
  try {
    const target = createWriteStream(temporary, { mode: executable ? 0o755 : 0o644 })
    await pipeline(Readable.from(cas.read(digest, {}, signal), { objectMode: false }), target, { signal })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
