import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Digest, type DigestFunction } from '../digest/index.js'

/** Two inodes can hold one blob: the plain one, and one with the executable bit that actions get linked. */
export type BlobVariant = 'plain' | 'executable'

const BLOB_NAME = /^([0-9a-f]+)-(0|[1-9]\d*)(\.x)?$/

/**
 * Where everything lies below the store's root. Size is part of a blob's name, so the index loads from directory
 * listings alone, and a file that a power cut left short is recognised by one stat.
 *
 *     cas/sha256/ab/<hash>-<size>      0444      cas/sha256/ab/<hash>-<size>.x   0555
 *     ac/<instance>/sha256/ab/<hash>-<size>      run/<session>/…                 whatever is under way
 *     recency                                    what was used last, for the next start
 *
 * Both the server and the runner processes compute paths from it; it does no I/O.
 */
export class StoreLayout {
  constructor(readonly root: string) {}

  get blobs(): string {
    return join(this.root, 'cas')
  }

  blobFunctionRoot(fn: DigestFunction): string {
    return join(this.blobs, fn.name)
  }

  blobShard(fn: DigestFunction, shard: string): string {
    return `${this.root}/cas/${fn.name}/${shard}`
  }

  blob(digest: Digest, variant: BlobVariant = 'plain'): string {
    return `${this.root}/cas/${digest.fn.name}/${digest.hash.slice(0, 2)}/${blobName(digest, variant)}`
  }

  /** `instance` is hostile: it becomes one path segment that cannot be `.`, `..` or collide with another's (GEN-04). */
  actionResult(instance: string, action: Digest): string {
    const hash = action.hash
    return `${this.root}/ac/${instanceSegment(instance)}/${action.fn.name}/${hash.slice(0, 2)}/${hash}-${action.sizeBytes}`
  }

  get results(): string {
    return join(this.root, 'ac')
  }

  get recency(): string {
    return join(this.root, 'recency')
  }

  get sessions(): string {
    return join(this.root, 'run')
  }
}

const SHARD_NAME = /^[0-9a-f]{2}$/

/** Shards are named after the first byte of the hashes in them, and made when a blob comes that finds none. */
export function isShardName(name: string): boolean {
  return SHARD_NAME.test(name)
}

/** What a blob's file is called in its shard. */
export function blobName({ hash, sizeBytes }: Digest, variant: BlobVariant): string {
  return variant === 'executable' ? `${hash}-${sizeBytes}.x` : `${hash}-${sizeBytes}`
}

/** The digest and variant that a file name in a shard stands for; undefined for anything that `blob` would not name so. */
export function parseBlobName(
  fn: DigestFunction,
  shard: string,
  fileName: string,
): { digest: Digest; variant: BlobVariant } | undefined {
  const [, hash, size, executable] = BLOB_NAME.exec(fileName) ?? []
  if (hash?.length !== fn.hashLength || !hash.startsWith(shard) || !Number.isSafeInteger(Number(size))) return undefined
  return { digest: Digest.of(fn, hash, Number(size)), variant: executable === undefined ? 'plain' : 'executable' }
}

/** Longest encoded instance name that is used as it is; file names end at 255 bytes. */
const LONGEST_INSTANCE = 200

/** Half a surrogate pair: no character, and encodeURIComponent throws at it. */
const LONE_SURROGATE = /\p{Surrogate}/u

function instanceSegment(instance: string): string {
  const encoded = LONE_SURROGATE.test(instance) ? undefined : encodeURIComponent(instance).replaceAll('.', '%2E')
  return encoded !== undefined && encoded.length <= LONGEST_INSTANCE
    ? `i-${encoded}`
    : `h-${createHash('sha256').update(Buffer.from(instance, 'utf16le')).digest('hex')}`
}
