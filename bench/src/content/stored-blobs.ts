import { chmodSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Digest, SHA256 } from '@gorego/core'

/** What a store gives its files, as packages/core/src/disk/stored-file.ts has it: 2000-01-01 in seconds. */
const STORED_MTIME_S = 946_684_800
const STORED_MODE = 0o444

/** So many files are written without a break. */
const FILES_PER_TURN = 500

const SHARDS = 256

interface StoredBlob {
  readonly digest: Digest
  readonly bytes: Buffer
}

/** Blobs of some 20 bytes that everybody who knows their numbers knows. */
export function storedBlob(number: number): StoredBlob {
  const bytes = Buffer.from(`stored blob ${number}\n`)
  return { digest: Digest.ofBytes(SHA256, bytes), bytes }
}

/**
 * Puts blobs into the directory of a store that nobody has open, as files in the layout of
 * packages/core/src/disk/store-layout.ts: a million are there in a minute or two on tmpfs, where uploading them would
 * measure nothing but patience.
 */
export async function writeStoredBlobs(directory: string, from: number, to: number): Promise<void> {
  for (let shard = 0; shard < SHARDS; shard++)
    mkdirSync(shardPath(directory, shard.toString(16).padStart(2, '0')), { recursive: true })
  for (let number = from; number < to; number++) {
    if (number % FILES_PER_TURN === 0) await nextTurn()
    const { digest, bytes } = storedBlob(number)
    const path = `${shardPath(directory, digest.hash.slice(0, 2))}/${digest.hash}-${digest.sizeBytes}`
    writeFileSync(path, bytes)
    chmodSync(path, STORED_MODE)
    utimesSync(path, STORED_MTIME_S, STORED_MTIME_S)
  }
}

function shardPath(directory: string, shard: string): string {
  return `${directory}/cas/sha256/${shard}`
}
