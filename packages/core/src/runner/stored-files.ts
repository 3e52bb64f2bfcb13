import { type Digest, type DigestFunctionName, digestFunctionNamed } from '../digest/index.js'
import { type BlobVariant, blobName, parseBlobName } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'

/** A file that the runner added to the store. */
export interface StoredBlob {
  readonly digest: Digest
  readonly variant: BlobVariant
}

/**
 * Files that the runner added to the store, as they are called there: an action can make thousands, and names get through the channel
 * in a small part of the time that objects take.
 */
export interface StoredFiles {
  readonly fn: DigestFunctionName
  readonly names: readonly string[]
}

/** One list for each digest function: what an action makes is all of one (DIG-09). */
export function toStoredFiles(blobs: readonly StoredBlob[]): StoredFiles[] {
  const names = new Map<DigestFunctionName, string[]>()
  for (const { digest, variant } of blobs) {
    const name = blobName(digest, variant)
    const list = names.get(digest.fn.name)
    if (list === undefined) names.set(digest.fn.name, [name])
    else list.push(name)
  }
  return [...names].map(([fn, list]) => ({ fn, names: list }))
}

export function fromStoredFiles(files: readonly StoredFiles[]): StoredBlob[] {
  const blobs: StoredBlob[] = []
  for (const { fn: functionName, names } of files) {
    const fn = digestFunctionNamed(functionName)
    for (const name of names) {
      const blob = fn && parseBlobName(fn, '', name)
      if (blob === undefined)
        throw new GoregoError('internal', `a runner stored what is no blob: ${functionName} ${name}`)
      blobs.push(blob)
    }
  }
  return blobs
}
