import { readdir } from 'node:fs/promises'
import type { Digest, DigestFunction } from '../digest/index.js'
import { parseBlobName, type StoreLayout } from '../disk/index.js'

/** A blob by its hash, in a store whose books are not complete: the listing of one shard, made by another thread. */
export async function findOnDisk(layout: StoreLayout, fn: DigestFunction, hash: string): Promise<Digest | undefined> {
  const shard = hash.slice(0, 2)
  const names = await readdir(layout.blobShard(fn, shard)).catch(() => [])
  const name = names.find((each) => each.startsWith(`${hash}-`))
  return name === undefined ? undefined : parseBlobName(fn, shard, name)?.digest
}
