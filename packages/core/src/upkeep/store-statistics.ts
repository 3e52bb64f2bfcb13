import { existsSync } from 'node:fs'
import { lstat, readdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { blocks, RecencyFile, resultFiles, Session, StoreLayout } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { blobFiles } from './blob-files.js'

/** Bytes are those of whole blocks, times milliseconds since 1970. */
export interface StoreStatistics {
  readonly blobs: number
  readonly blobBytes: number
  readonly results: number
  readonly resultBytes: number
  /** Under way, broken off and to be continued, or left by a process that was killed. */
  readonly uploads: number
  readonly uploadBytes: number
  /** The first and the last use of a blob that is known; a process that has the store open writes its uses every few minutes. */
  readonly uses: { readonly oldest: number; readonly newest: number } | undefined
  /** Of the file system. */
  readonly freeBytes: number
  /** Processes that have the store open. */
  readonly pids: readonly number[]
}

/** Looks at a store's directory and changes nothing, whoever has it open. Throws `not-found` where there is no store. */
export async function storeStatistics(dir: string): Promise<StoreStatistics> {
  const layout = storeAt(dir)
  let blobs = 0
  let blobBytes = 0
  for await (const shard of blobFiles(layout)) {
    for (const { digest, variant } of shard) {
      if (variant === 'plain') blobs++
      blobBytes += blocks(digest.sizeBytes)
    }
  }
  let results = 0
  let resultBytes = 0
  for await (const { bytes } of resultFiles(layout)) {
    results++
    resultBytes += bytes
  }
  const { bavail, bsize } = await statfs(dir)
  return {
    blobs,
    blobBytes,
    results,
    resultBytes,
    ...(await uploads(layout)),
    uses: await new RecencyFile(layout.recency).span(),
    freeBytes: bavail * bsize,
    pids: Session.living(layout.sessions),
  }
}

/** Throws `not-found` where there is no store: nothing is made by looking. */
export function storeAt(dir: string): StoreLayout {
  const layout = new StoreLayout(dir)
  if (existsSync(layout.blobs) && existsSync(layout.sessions)) return layout
  throw new GoregoError('not-found', `there is no cache in ${dir}; --dir or --config tells where it is`)
}

/** Front ends have directories of their own in the one of their session. */
async function uploads({ sessions }: StoreLayout): Promise<{ uploads: number; uploadBytes: number }> {
  const found = { uploads: 0, uploadBytes: 0 }
  for (const name of await readdir(sessions, { recursive: true })) {
    if (!/(^|\/)upload\/\d+$/.test(name)) continue
    const stats = await lstat(join(sessions, name)).catch(() => undefined)
    if (!stats?.isFile()) continue
    found.uploads++
    found.uploadBytes += blocks(stats.size)
  }
  return found
}
