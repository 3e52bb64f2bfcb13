import { type Digest, type DigestFunctionName, digestFunctionNamed } from '../digest/index.js'
import { type BlobVariant, blobName, parseBlobName } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'

/** A file that the runner added to the store. */
export interface StoredBlob {
  readonly digest: Digest
  readonly variant: BlobVariant
  /** Whether it was put there now; otherwise it was there. */
  readonly put: boolean
}

/**
 * Files that the runner added to the store, as they are called there: an action can make thousands, and names get through the channel
 * in a small part of the time that objects take.
 */
export interface StoredFiles {
  readonly fn: DigestFunctionName
  /** Those that were put there now. */
  readonly put: readonly string[]
  /** Those that were there. */
  readonly found: readonly string[]
}

/** One element for each digest function: what an action makes is all of one (DIG-09). */
export function toStoredFiles(blobs: readonly StoredBlob[]): StoredFiles[] {
  const files = new Map<DigestFunctionName, { put: string[]; found: string[] }>()
  for (const { digest, variant, put } of blobs) {
    let lists = files.get(digest.fn.name)
    if (lists === undefined) {
      lists = { put: [], found: [] }
      files.set(digest.fn.name, lists)
    }
    const list = put ? lists.put : lists.found
    list.push(blobName(digest, variant))
  }
  return [...files].map(([fn, lists]) => ({ fn, ...lists }))
}

export function fromStoredFiles(files: readonly StoredFiles[]): StoredBlob[] {
  return files.flatMap(({ fn, put, found }) => [
    ...put.map((name) => ({ put: true, ...blobNamed(fn, name) })),
    ...found.map((name) => ({ put: false, ...blobNamed(fn, name) })),
  ])
}

function blobNamed(functionName: DigestFunctionName, name: string): Omit<StoredBlob, 'put'> {
  const fn = digestFunctionNamed(functionName)
  const blob = fn && parseBlobName(fn, '', name)
  if (blob === undefined) throw new GoregoError('internal', `a runner stored what is no blob: ${functionName} ${name}`)
  return blob
}
