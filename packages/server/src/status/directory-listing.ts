import { type ContentAddressableStorage, type Digest, GoregoError, reapi } from '@gorego/core'
import { digestPath } from './digest-path.js'

export interface ListedEntry {
  readonly name: string
  readonly kind: 'file' | 'directory' | 'symlink'
  readonly digest?: string
  readonly sizeBytes?: number
  readonly executable?: boolean
  readonly target?: string
}

/** Larger ones would keep everybody else waiting while they are parsed. */
const MOST_BYTES = 1024 * 1024

const MOST_ENTRIES = 1000

/** What is in one Directory, and how much of that is listed. Throws `not-found`, and `failed-precondition` for one that is too large for a page. */
export async function directoryListing(cas: ContentAddressableStorage, digest: Digest, signal: AbortSignal) {
  if (digest.sizeBytes > MOST_BYTES)
    throw new GoregoError(
      'failed-precondition',
      `this directory takes ${digest.sizeBytes} bytes to list, too many for a page`,
    )
  const directory = reapi.decode(reapi.Directory, await cas.get(digest, signal), `the directory ${digest}`)
  const located = (message: reapi.Digest | undefined) => {
    const found = reapi.fromDigestMessage(digest.fn, message, 'the digest of an entry')
    return { digest: digestPath(found), sizeBytes: found.sizeBytes }
  }
  const directories = directory.getDirectoriesList()
  const files = directory.getFilesList()
  const links = directory.getSymlinksList()
  const some = <T>(list: readonly T[]) => list.slice(0, MOST_ENTRIES)
  const entries: ListedEntry[] = [
    ...some(directories).map((node) => ({
      name: node.getName(),
      kind: 'directory' as const,
      ...located(node.getDigest()),
    })),
    ...some(files).map((node) => ({
      name: node.getName(),
      kind: 'file' as const,
      ...located(node.getDigest()),
      executable: node.getIsExecutable(),
    })),
    ...some(links).map((node) => ({ name: node.getName(), kind: 'symlink' as const, target: node.getTarget() })),
  ]
  return { entries: some(entries), entriesInAll: directories.length + files.length + links.length }
}
