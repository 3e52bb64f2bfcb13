import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, digestFunctions } from '../digest/index.js'
import { type BlobVariant, isShardName, parseBlobName, type StoreLayout } from '../disk/index.js'

export interface BlobFile {
  readonly path: string
  readonly digest: Digest
  readonly variant: BlobVariant
}

/** The blobs of a store, one shard after the other, by the names of their files. Whoever writes there meanwhile is not disturbed. */
export async function* blobFiles(layout: StoreLayout): AsyncGenerator<readonly BlobFile[]> {
  for (const fn of digestFunctions) {
    for (const shard of (await namesIn(layout.blobFunctionRoot(fn))).filter(isShardName)) {
      const directory = layout.blobShard(fn, shard)
      yield (await namesIn(directory)).flatMap((name) => {
        const blob = parseBlobName(fn, shard, name)
        return blob === undefined ? [] : [{ path: join(directory, name), ...blob }]
      })
    }
  }
}

async function namesIn(directory: string): Promise<string[]> {
  return await readdir(directory).catch((error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  })
}
