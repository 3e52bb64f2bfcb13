import { constants } from 'node:fs'
import { type FileHandle, open, unlink } from 'node:fs/promises'
import { STORED_MTIME_S } from '../disk/index.js'
import { type BlobFile, blobFiles } from './blob-files.js'
import { storeAt } from './store-statistics.js'

/** Files that are read at once: the disk has something to do while the other is hashed. */
const AT_ONCE = 2

const CHUNK = 512 * 1024

/** A blob's file, and whether it holds what its name says. */
export interface VerifiedBlob {
  readonly file: BlobFile
  /** What is wrong with it; undefined if it is what its name says. */
  readonly problem: string | undefined
}

/** Which store is verified, and what becomes of files that are wrong. */
export interface VerifyOptions {
  readonly dir: string
  /** Whether files that are not what they should be are removed; whoever has the store open then takes those blobs for absent. */
  readonly remove: boolean
  /** Is told of each file. */
  readonly onFile: (verified: VerifiedBlob) => void
}

/** Reads every blob of a store and compares it with its name. Blobs that go meanwhile are left out. */
export async function verifyStore({ dir, remove, onFile }: VerifyOptions, signal?: AbortSignal): Promise<void> {
  const buffers = Array.from({ length: AT_ONCE }, () => Buffer.allocUnsafeSlow(CHUNK))
  for await (const shard of blobFiles(storeAt(dir))) {
    const waiting = shard.values()
    const work = async (buffer: Buffer) => {
      for (const file of waiting) {
        signal?.throwIfAborted()
        const problem = await problemOf(file, buffer, signal)
        if (problem === 'gone') continue
        if (problem !== undefined && remove) await unlink(file.path).catch(() => {})
        onFile({ file, problem })
      }
    }
    await Promise.all(buffers.map(work))
  }
}

async function problemOf(file: BlobFile, buffer: Buffer, signal?: AbortSignal): Promise<string | undefined> {
  let handle: FileHandle
  try {
    handle = await open(file.path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? 'gone' : message
  }
  try {
    return await compare(handle, file, buffer, signal)
  } catch (error) {
    signal?.throwIfAborted()
    // A sector that cannot be read, say; of a blob, and no reason not to look at the others.
    return (error as Error).message
  } finally {
    await handle.close()
  }
}

async function compare(
  handle: FileHandle,
  { digest: { fn, hash, sizeBytes } }: BlobFile,
  buffer: Buffer,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const stats = await handle.stat()
  if (!stats.isFile()) return 'is no file'
  if (stats.size !== sizeBytes) return `has ${stats.size} bytes`
  await fn.prepare()
  const hasher = fn.createHasher()
  for (let at = 0; at < sizeBytes; ) {
    signal?.throwIfAborted()
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) return `ends after ${at} bytes`
    hasher.update(buffer.subarray(0, bytesRead))
    at += bytesRead
  }
  const actual = hasher.digest()
  if (actual !== hash) return `has the ${fn.name} hash ${actual}`
  // Nobody would be given it.
  return stats.mtimeMs === STORED_MTIME_S * 1000 ? undefined : 'was written to'
}
