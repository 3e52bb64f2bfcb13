import {
  type ContentAddressableStorage,
  type Digest,
  type DirectoryEntry,
  GoregoError,
  readDirectory,
} from '@gorego/core'
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
  const all = await readDirectory(cas, digest, signal)
  return { entries: all.slice(0, MOST_ENTRIES).map(listed), entriesInAll: all.length }
}

function listed(entry: DirectoryEntry): ListedEntry {
  if (entry.kind === 'symlink') return entry
  const { digest, ...rest } = entry
  return { ...rest, digest: digestPath(digest), sizeBytes: digest.sizeBytes }
}
