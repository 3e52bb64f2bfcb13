import { setImmediate as nextTurn } from 'node:timers/promises'
import { blobOf, putBlobFile, type TestBlob } from '@gorego/core/testing'

/** So many files are written without a break. */
const FILES_PER_TURN = 500

/** Blobs of some 20 bytes that everybody who knows their numbers knows. */
export function storedBlob(number: number): TestBlob {
  return blobOf(`stored blob ${number}\n`)
}

/**
 * Puts blobs into the directory of a store that nobody has open: a million are there in a minute or two on tmpfs, where
 * uploading them would measure nothing but patience.
 */
export async function writeStoredBlobs(directory: string, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++) {
    if (number % FILES_PER_TURN === 0) await nextTurn()
    putBlobFile(directory, storedBlob(number))
  }
}
