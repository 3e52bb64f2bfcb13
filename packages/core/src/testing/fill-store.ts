import { createHash } from 'node:crypto'
import { linkSync, mkdirSync } from 'node:fs'
import { Digest, SHA256 } from '../digest/index.js'
import { StoreLayout } from '../disk/index.js'
import { putBlobFile } from './put-blob-file.js'

/** Of each of the blobs. */
const SIZE_BYTES = 4096

/** Names of one inode; ext4 takes 65,000. */
const NAMES_A_FILE = 60_000

/** The digest of the n-th blob of a filled store. */
export function filledDigest(n: number): Digest {
  return Digest.of(SHA256, createHash('sha256').update(`filled ${n}`).digest('hex'), SIZE_BYTES)
}

/**
 * Fills a store's directory, which no process has open, with the files of so many blobs, to measure how a store that holds
 * them starts and is asked. They are names of a few files: 10 to 20 µs each and hardly any space, but what is read from them
 * is not what their names say.
 */
export function fillStore(dir: string, count: number): void {
  const layout = new StoreLayout(dir)
  for (let n = 0; n < 256; n++) {
    const shard = n.toString(16).padStart(2, '0')
    mkdirSync(layout.blobShard(SHA256, shard), { recursive: true })
  }
  let source = ''
  for (let n = 0; n < count; n++) {
    const digest = filledDigest(n)
    const path = layout.blob(digest)
    if (n % NAMES_A_FILE === 0) {
      source = path
      putBlobFile(dir, { digest, bytes: Buffer.alloc(SIZE_BYTES) })
    } else linkSync(source, path)
  }
}
