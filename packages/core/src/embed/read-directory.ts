import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { decode } from '../proto/decode.js'
import { Directory } from '../proto/messages.js'
import { nodeDigest } from './directory-source.js'

/** Something in a directory, by a name that has no slash. */
export type DirectoryEntry =
  | { readonly kind: 'directory'; readonly name: string; readonly digest: Digest }
  | { readonly kind: 'file'; readonly name: string; readonly digest: Digest; readonly executable: boolean }
  | { readonly kind: 'symlink'; readonly name: string; readonly target: string }

/**
 * The entries of one directory: those below it are blobs of their own. Directories, files, symbolic links. Throws `not-found` for a
 * blob that is not there, `invalid-argument` for one that is no Directory.
 */
export async function readDirectory(
  cas: ContentAddressableStorage,
  digest: Digest,
  signal?: AbortSignal,
): Promise<DirectoryEntry[]> {
  const directory = decode(Directory, await cas.get(digest, signal), `the directory ${digest}`)
  const { fn } = digest
  return [
    ...directory
      .getDirectoriesList()
      .map((node) => ({ kind: 'directory' as const, name: node.getName(), digest: nodeDigest(fn, node) })),
    ...directory.getFilesList().map((node) => {
      const executable = node.getIsExecutable()
      return { kind: 'file' as const, name: node.getName(), digest: nodeDigest(fn, node), executable }
    }),
    ...directory
      .getSymlinksList()
      .map((node) => ({ kind: 'symlink' as const, name: node.getName(), target: node.getTarget() })),
  ]
}
