import type { Digest, DigestFunction } from '../digest/index.js'
import { readDigest } from './read-digest.js'
import type { WireReader } from './wire-reader.js'

/** The lists of a Directory whose nodes have digests, by the numbers of their fields. */
export const DIRECTORY_FILES = 1
export const DIRECTORY_DIRECTORIES = 2

/** The same number in both kinds of nodes. */
const NODE_DIGEST = 2

/** The digests in the FileNodes or DirectoryNodes of a Directory; undefined for each field that has none. */
export function* nodeDigests(fn: DigestFunction, directory: WireReader, list: number): Generator<Digest | undefined> {
  while (directory.next()) {
    if (directory.number !== list) {
      yield undefined
      continue
    }
    const node = directory.message()
    while (node.next()) yield node.number === NODE_DIGEST ? readDigest(fn, node.message()) : undefined
  }
}
