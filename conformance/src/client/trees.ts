// Directories in and out: nodes as no good client would write them, and what the Trees of outputs hold.
import { Digest, reapi, SHA256 } from '@gorego/core'
import { digestMessage } from './calls.js'
import type { RawClient } from './raw-client.js'
import { bytesOf } from './results.js'

export function fileNode(name: string, digest: Digest, executable = false): reapi.FileNode {
  return new reapi.FileNode().setName(name).setDigest(digestMessage(digest)).setIsExecutable(executable)
}

export function directoryNode(name: string, digest: Digest): reapi.DirectoryNode {
  return new reapi.DirectoryNode().setName(name).setDigest(digestMessage(digest))
}

export function symlinkNode(name: string, target: string): reapi.SymlinkNode {
  return new reapi.SymlinkNode().setName(name).setTarget(target)
}

/** The Directories of an output directory by their digests' keys, from its Tree or, where there is none, one by one. */
export interface OutputTree {
  readonly root: reapi.Directory
  readonly directories: ReadonlyMap<string, reapi.Directory>
  /** The Tree as it is stored; absent where the result has none. */
  readonly bytes?: Buffer
}

export async function treeOf(client: RawClient, output: reapi.OutputDirectory | undefined): Promise<OutputTree> {
  if (output === undefined) throw new Error('there is no output directory')
  if (!output.hasTreeDigest()) return await directoriesOf(client, output.getRootDirectoryDigest())
  const bytes = await bytesOf(client, output.getTreeDigest())
  const tree = reapi.Tree.deserializeBinary(bytes)
  const root = tree.getRoot() ?? new reapi.Directory()
  const all = [root, ...tree.getChildrenList()]
  return { root, bytes, directories: new Map(all.map((each) => [keyOf(each.serializeBinary()), each])) }
}

/** From a root's digest down: that every Directory can be read is what DIRECTORY formats promise (OR-08). */
export async function directoriesOf(client: RawClient, rootDigest: reapi.Digest | undefined): Promise<OutputTree> {
  const directories = new Map<string, reapi.Directory>()
  const fetch = async (digest: reapi.Digest | undefined): Promise<reapi.Directory> => {
    const bytes = await bytesOf(client, digest)
    const directory = reapi.Directory.deserializeBinary(bytes)
    directories.set(keyOf(bytes), directory)
    for (const child of directory.getDirectoriesList()) {
      if (!directories.has(messageKey(child.getDigest()))) await fetch(child.getDigest())
    }
    return directory
  }
  return { root: await fetch(rootDigest), directories }
}

/** Paths of everything below the root, sorted by their bytes; directories end with a slash. */
export function pathsIn({ root, directories }: OutputTree): string[] {
  const walk = (directory: reapi.Directory, prefix: string): string[] => [
    ...directory.getFilesList().map((file) => `${prefix}${file.getName()}`),
    ...directory.getSymlinksList().map((link) => `${prefix}${link.getName()} -> ${link.getTarget()}`),
    ...directory.getDirectoriesList().flatMap((child) => {
      const path = `${prefix}${child.getName()}/`
      const below = directories.get(messageKey(child.getDigest()))
      if (below === undefined) throw new Error(`the Tree does not hold ${path}`)
      return [path, ...walk(below, path)]
    }),
  ]
  return walk(root, '').sort(reapi.compareUtf8)
}

export function keyOf(bytes: Uint8Array): string {
  return Digest.ofBytes(SHA256, bytes).key
}

export function messageKey(digest: reapi.Digest | undefined): string {
  return reapi.fromDigestMessage(SHA256, digest, 'the digest of a child').key
}
