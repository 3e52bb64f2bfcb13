import type { Digest, DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { encodeDirectory } from '../proto/canonical.js'
import { toDigestMessage } from '../proto/digests.js'
import { Directory, DirectoryNode, FileNode, SymlinkNode } from '../proto/messages.js'
import { concurrently } from './concurrently.js'
import { storeRootDirectory } from './directory-source.js'
import { type FileInput, type FileInputsOptions, storeFileInputs } from './file-inputs.js'
import type { Inputs } from './inputs.js'
import { DirectoryBranch, type Leaf, type Node, plantInputs } from './planted-inputs.js'
import type { DirectoryOutput } from './run-result.js'
import { storeBytes } from './store-file.js'

/** What is described at the same time. */
const WIDTH = 8

export type InputTreeOptions = FileInputsOptions

/**
 * Builds the Merkle tree of an action's inputs, storing every file and Directory that the store does not have, and
 * returns the digest of its root. The same inputs always give the same digest.
 */
export async function storeInputTree(inputs: Inputs, options: InputTreeOptions): Promise<Digest> {
  const { root, leaves } = await plantInputs(inputs, options.signal)
  const files = leaves.filter(isFile)
  const stored = await storeFileInputs(
    files.map(({ input }) => input),
    options,
  )
  for (const [n, { digest, executable }] of stored.entries()) {
    const { parent, name } = files[n] as FileLeaf
    parent.children.set(name, fileNode(name, digest, executable))
  }
  await concurrently(leaves, WIDTH, async ({ parent, name, input }) => {
    if (input.kind !== 'file') parent.children.set(name, await describe(name, input, options))
  })
  return await storeDirectories(root, options)
}

type FileLeaf = Leaf & { readonly input: FileInput }

function isFile(leaf: Leaf): leaf is FileLeaf {
  return leaf.input.kind === 'file'
}

async function describe(
  name: string,
  input: Exclude<Leaf['input'], FileInput>,
  options: InputTreeOptions,
): Promise<Node> {
  const { cas, fn, signal } = options
  switch (input.kind) {
    case 'symlink':
      return new SymlinkNode().setName(name).setTarget(input.target)
    case 'content':
      return fileNode(name, await storeBytes(cas, fn, input.bytes, signal), input.executable)
    case 'stored':
      return fileNode(name, ofSameFunction(input.digest, fn), input.executable)
    case 'stored-directory':
      return await describeDirectory(name, input.output, options)
  }
}

async function describeDirectory(
  name: string,
  output: DirectoryOutput,
  { cas, fn, signal }: InputTreeOptions,
): Promise<DirectoryNode> {
  const digest = ofSameFunction(await storeRootDirectory(output, cas, signal), fn)
  return new DirectoryNode().setName(name).setDigest(toDigestMessage(digest))
}

/** DIG-09: a message says no digest's function, so one of another function would name another blob, or none. */
function ofSameFunction(digest: Digest, fn: DigestFunction): Digest {
  if (digest.fn === fn) return digest
  throw new GoregoError(
    'invalid-argument',
    `the input ${digest} is a ${digest.fn.name} digest, but this executor uses ${fn.name}: give the file or its content`,
  )
}

function fileNode(name: string, digest: Digest, executable: boolean): FileNode {
  return new FileNode().setName(name).setDigest(toDigestMessage(digest)).setIsExecutable(executable)
}

async function storeDirectories(branchNode: DirectoryBranch, options: InputTreeOptions): Promise<Digest> {
  const message = new Directory()
  for (const [name, node] of branchNode.children) {
    if (node instanceof DirectoryBranch) {
      const digest = await storeDirectories(node, options)
      message.addDirectories(new DirectoryNode().setName(name).setDigest(toDigestMessage(digest)))
    } else if (node instanceof DirectoryNode) {
      message.addDirectories(node)
    } else if (node instanceof FileNode) {
      message.addFiles(node)
    } else {
      message.addSymlinks(node)
    }
  }
  return await storeBytes(options.cas, options.fn, encodeDirectory(message), options.signal)
}
