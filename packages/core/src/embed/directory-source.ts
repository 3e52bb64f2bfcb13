import type { ContentAddressableStorage } from '../cas/index.js'
import { Digest, type DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage } from '../proto/digests.js'
import { Directory, type DirectoryNode, type FileNode } from '../proto/messages.js'
import { wireFields } from '../proto/wire.js'
import type { DirectoryOutput } from './run-result.js'
import { storeBytes } from './store-file.js'

/** Identical subtrees can stand for more files than any disk holds. */
const MAX_ENTRIES = 1_000_000

/** The field numbers of REAPI's Tree. */
const TREE_ROOT = 1
const TREE_CHILDREN = 2

/** An output directory with those below it, all in memory, whichever of its blobs describes them. */
export interface DirectorySource {
  readonly root: Directory
  readonly fn: DigestFunction
  /** The directory that a node of another one stands for. */
  child(node: DirectoryNode): Directory
}

/** Reads what describes an output directory. What it stands for is counted, so that the caller can go through all of it. */
export async function openDirectory(
  output: DirectoryOutput,
  cas: ContentAddressableStorage,
  signal?: AbortSignal,
): Promise<DirectorySource> {
  const { path, tree, rootDirectory } = output
  const first = tree ?? rootDirectory
  if (first === undefined)
    throw new GoregoError('failed-precondition', `nothing is known of the content of output directory ${path}`)
  const { fn } = first
  const bytes = await cas.get(first, signal)
  const known = tree === undefined ? new Map<string, Directory>() : childrenOf(tree, bytes)
  const root = tree === undefined ? decode(Directory, bytes, `the directory ${first}`) : rootOf(tree, bytes)
  const find = async (digest: Digest): Promise<Directory> => {
    const there = known.get(digest.key)
    if (there !== undefined) return there
    if (tree !== undefined) throw lacks(tree)
    const directory = decode(Directory, await cas.get(digest, signal), `the directory ${digest}`)
    known.set(digest.key, directory)
    return directory
  }
  await checkSize(path, root, fn, find)
  return {
    root,
    fn,
    child(node) {
      const directory = known.get(nodeDigest(fn, node).key)
      if (directory === undefined) throw lacks(first)
      return directory
    },
  }
}

/**
 * The root Directory of an output, as a blob with all those below it. Where only a Tree is known, they are taken out of it and stored
 * as they came: what is in it twice is stored once, and what the store has is not stored again.
 */
export async function storeRootDirectory(
  { path, tree, rootDirectory }: DirectoryOutput,
  cas: ContentAddressableStorage,
  signal?: AbortSignal,
): Promise<Digest> {
  if (rootDirectory !== undefined) return rootDirectory
  if (tree === undefined)
    throw new GoregoError('failed-precondition', `nothing is known of the content of output directory ${path}`)
  let root: Digest | undefined
  for (const { number, bytes } of wireFields(await cas.get(tree, signal))) {
    if (bytes === undefined || (number !== TREE_ROOT && number !== TREE_CHILDREN)) continue
    const digest = await storeBytes(cas, tree.fn, bytes, signal)
    if (number === TREE_ROOT) root = digest
  }
  if (root === undefined) throw lacks(tree)
  return root
}

export function nodeDigest(fn: DigestFunction, node: FileNode | DirectoryNode): Digest {
  return fromDigestMessage(fn, node.getDigest(), `the digest of ${node.getName()}`)
}

/** Every distinct directory is looked at once, however often it occurs. */
async function checkSize(
  path: string,
  root: Directory,
  fn: DigestFunction,
  find: (digest: Digest) => Promise<Directory>,
): Promise<void> {
  const counted = new Map<string, number>()
  const count = async (directory: Directory): Promise<number> => {
    const children = directory.getDirectoriesList()
    let entries = directory.getFilesList().length + directory.getSymlinksList().length + children.length
    for (const node of children) {
      const digest = nodeDigest(fn, node)
      const below = counted.get(digest.key) ?? (await count(await find(digest)))
      counted.set(digest.key, below)
      entries += below
    }
    if (entries <= MAX_ENTRIES) return entries
    const what = `the output directory ${JSON.stringify(path)}`
    throw new GoregoError('failed-precondition', `${what} stands for more than ${MAX_ENTRIES} files and directories`)
  }
  await count(root)
}

function rootOf(tree: Digest, bytes: Uint8Array): Directory {
  let root: Uint8Array | undefined
  for (const field of wireFields(bytes)) if (field.number === TREE_ROOT) root = field.bytes
  if (root === undefined) throw lacks(tree)
  return decode(Directory, root, `the root directory of the Tree ${tree}`)
}

/** By the digests of their bytes as they came: whoever made them may have written other fields than we would. */
function childrenOf(tree: Digest, bytes: Uint8Array): Map<string, Directory> {
  const children = new Map<string, Directory>()
  for (const { number, bytes: child } of wireFields(bytes)) {
    if (number !== TREE_CHILDREN || child === undefined) continue
    children.set(Digest.ofBytes(tree.fn, child).key, decode(Directory, child, `a directory of the Tree ${tree}`))
  }
  return children
}

function lacks(digest: Digest): GoregoError {
  return new GoregoError('failed-precondition', `${digest} lacks a directory that it should describe`)
}
