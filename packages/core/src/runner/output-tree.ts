import { type Dirent, lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { Digest, type DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { encodeDirectory, encodeTree } from '../proto/canonical.js'
import { toDigestMessage } from '../proto/digests.js'
import { Directory, DirectoryNode, FileNode, SymlinkNode } from '../proto/messages.js'
import type { ActionPolicy } from './action-policy.js'
import type { BlobFiles } from './blob-files.js'
import { attributesOf, type OutputAttributes, type WantedProperties } from './node-properties.js'

/** How outputs are stored and described, all of one action. */
export interface OutputOptions {
  readonly fn: DigestFunction
  readonly blobs: BlobFiles
  readonly properties: WantedProperties
  readonly absoluteSymlinks: ActionPolicy['absoluteSymlinks']
}

export interface OutputTree {
  /** A serialized Tree: the root, then every distinct Directory below it, parents before children (OR-07). */
  readonly tree: Uint8Array
  readonly rootDigest: Digest
  /** Every distinct Directory, serialized. */
  readonly directories: readonly Uint8Array[]
}

/**
 * Stores the files below an output directory and describes it: canonical, so that the same content gives the same digests
 * whatever order the file system lists it in (DIG-08, OR-06).
 */
export function storeOutputTree(path: string, outputPath: string, options: OutputOptions): OutputTree {
  const { fn, blobs, properties } = options
  // Children end up before their parents here; the reverse of it is a topological order.
  const finished = new Map<string, Uint8Array>()
  const shown = (entryPath: string) => `${outputPath}${entryPath.slice(path.length)}`
  const visit = (directoryPath: string): Digest => {
    const message = new Directory()
    const entries = readdirSync(directoryPath, { withFileTypes: true, encoding: 'buffer' })
    for (const entry of entries.sort((a, b) => Buffer.compare(a.name, b.name))) {
      const name = text(entry.name, () => `a name in the output directory ${JSON.stringify(shown(directoryPath))}`)
      addEntry(message, entry, name, `${directoryPath}/${name}`)
    }
    message.setNodeProperties(properties.describe(() => attributesAt(directoryPath)))
    const bytes = encodeDirectory(message)
    const digest = Digest.ofBytes(fn, bytes)
    if (!finished.has(digest.key)) finished.set(digest.key, bytes)
    return digest
  }
  const addEntry = (parent: Directory, entry: Dirent<Buffer>, name: string, entryPath: string): void => {
    if (entry.isDirectory()) {
      const node = new DirectoryNode()
      node.setName(name)
      node.setDigest(toDigestMessage(visit(entryPath)))
      parent.addDirectories(node)
    } else if (entry.isSymbolicLink()) {
      const node = new SymlinkNode()
      node.setName(name)
      node.setTarget(readTarget(entryPath, shown(entryPath), options))
      node.setNodeProperties(properties.describe(() => attributesAt(entryPath)))
      parent.addSymlinks(node)
    } else {
      // Asked before anything is opened: opening a device can have effects.
      if (!entry.isFile()) throw notAnOutput(shown(entryPath))
      parent.addFiles(fileNode(entryPath, name))
    }
  }
  const fileNode = (entryPath: string, name: string): FileNode => {
    const file = blobs.storeFile(fn, entryPath)
    if (file === undefined) throw notAnOutput(shown(entryPath))
    return new FileNode()
      .setName(name)
      .setIsExecutable(file.executable)
      .setDigest(toDigestMessage(file.digest))
      .setNodeProperties(properties.describe(() => file.attributes))
  }
  const rootDigest = visit(path)
  const directories = [...finished.values()].reverse()
  const [root = new Uint8Array(0), ...children] = directories
  return { tree: encodeTree(root, children), rootDigest, directories }
}

/** Of a directory or a symbolic link. */
export function attributesAt(path: string): OutputAttributes {
  return attributesOf(lstatSync(path, { bigint: true }))
}

/** The target of a symbolic link, as it is; `shown` names the link in an error. */
export function readTarget(path: string, shown: string, { absoluteSymlinks }: OutputOptions): string {
  const link = `the symbolic link ${JSON.stringify(shown)}`
  const target = text(readlinkSync(path, 'buffer'), () => `the target of ${link}`)
  // DR-07
  if (absoluteSymlinks === 'disallowed' && target.startsWith('/')) {
    throw new GoregoError(
      'failed-precondition',
      `the command made ${link} with an absolute target, ${JSON.stringify(target)}, which this server does not allow (execution.absolute_symlinks)`,
    )
  }
  return target
}

/** DR-11: FIFOs, sockets and devices are no outputs, and never opened: reading one could take for ever. */
export function notAnOutput(path: string): GoregoError {
  return new GoregoError(
    'failed-precondition',
    `the output ${JSON.stringify(path)} is neither a file, a directory nor a symbolic link`,
  )
}

/** Protobuf strings are UTF-8; file names need not be. */
function text(bytes: Buffer, what: () => string): string {
  const string = bytes.toString('utf8')
  if (!string.includes('\uFFFD') || Buffer.from(string).equals(bytes)) return string
  throw new GoregoError(
    'failed-precondition',
    `${what()} is not UTF-8 (${bytes.toString('hex')}), which the protocol cannot carry`,
  )
}
