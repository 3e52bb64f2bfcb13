import { Digest, digestFunctionNamed, GoregoError } from '@gorego/core'
import type { Caller } from '../auth/access.js'
import type { Compressor } from '../compression/compressor.js'
import type { Dialect } from './dialect.js'
import { LONGEST_NAME, RESERVED_SEGMENTS } from './instance-name.js'

/** What a ByteStream resource name says. */
export interface ResourceName {
  readonly instance: string
  readonly digest: Digest
  /** What the bytes on the wire are compressed with; undefined where they are the blob's own. */
  readonly compressor: Compressor | undefined
}

/** The name of an upload. */
export interface WriteName extends ResourceName {
  /** The same for two names that mean the same upload; the metadata after the size makes no difference. */
  readonly upload: string
}

const LARGEST_SIZE = 2n ** 63n - 1n

/**
 * RN-01, RN-02: `[instance/]blobs/[fn/]hash/size` or `[instance/]compressed-blobs/{compressor}/[fn/]hash/size`. Throws
 * `invalid-argument` for anything else, also for an instance, function or compressor that this server does not have.
 */
export function parseReadName(name: string, dialect: Dialect, caller?: Caller): ResourceName {
  const { instance, segments } = split(name, dialect, caller)
  const { digest, compressor, rest } = blob(name, segments, dialect)
  // RN-08: metadata after the size is for uploads.
  if (rest.length > 0) throw malformed(name, 'something follows the size')
  return { instance, digest, compressor }
}

/** RN-03: `[instance/]uploads/{uuid}/` and then as `parseReadName`, with `[/metadata…]` behind it. */
export function parseWriteName(name: string, dialect: Dialect, caller?: Caller): WriteName {
  const { instance, segments } = split(name, dialect, caller)
  const [uploads, uuid, ...tail] = segments
  if (uploads !== 'uploads' || uuid === undefined || uuid === '')
    throw malformed(name, 'want uploads/<uuid>/blobs/<hash>/<size>')
  const { digest, compressor } = blob(name, tail, dialect)
  return { instance, digest, compressor, upload: `${instance}/${uuid}/${compressor?.name ?? 'identity'}/${digest.key}` }
}

/** The instance name goes up to the first segment that cannot be part of it. */
function split(
  name: string,
  { checkInstance }: Dialect,
  caller: Caller | undefined,
): { instance: string; segments: string[] } {
  // RN-04
  if (name.startsWith('/')) throw malformed(name, 'it starts with a slash')
  if (name.length > LONGEST_NAME) throw malformed(name, 'it is too long')
  const segments = name.split('/')
  const start = segments.findIndex((segment) => RESERVED_SEGMENTS.has(segment))
  if (start < 0) throw malformed(name, 'want …/blobs/<hash>/<size>')
  return { instance: checkInstance(segments.slice(0, start).join('/'), caller), segments: segments.slice(start) }
}

function blob(
  name: string,
  segments: readonly string[],
  { functions, compressors }: Dialect,
): Pick<ResourceName, 'digest' | 'compressor'> & { rest: readonly string[] } {
  const [kind, ...behindKind] = segments
  if (kind !== 'blobs' && kind !== 'compressed-blobs') throw malformed(name, 'want …/blobs/<hash>/<size>')
  const compressor = kind === 'blobs' ? undefined : compressorNamed(name, behindKind[0] ?? '', compressors)
  const tail = compressor === undefined ? behindKind : behindKind.slice(1)
  // RN-06: the function is spelled out for some; taking it for the others as well does no harm.
  const named = digestFunctionNamed(tail[0] ?? '')
  const [hash, size, ...rest] = named === undefined ? tail : tail.slice(1)
  const fn = named === undefined ? functions.ofLength(hash?.length ?? 0) : functions.named(named.name)
  if (hash === undefined || size === undefined) throw malformed(name, 'want …/blobs/<hash>/<size>')
  // GEN-08
  if (fn === undefined) {
    const what = named === undefined ? `${JSON.stringify(hash.slice(0, 140))} is no hash of` : `${named.name} is not`
    throw malformed(name, `${what} a digest function that is served here: ${functions.names}`)
  }
  return { digest: Digest.of(fn, hash, parseSize(name, size)), compressor, rest }
}

/** RN-07 */
function compressorNamed(name: string, wanted: string, compressors: readonly Compressor[]): Compressor {
  const found = compressors.find((compressor) => compressor.name === wanted)
  if (found !== undefined) return found
  const served = compressors.length === 0 ? 'no compression' : compressors.map((one) => one.name).join(', ')
  throw malformed(name, `compression with ${JSON.stringify(wanted)} is not among what GetCapabilities says: ${served}`)
}

/** RN-11: plain decimal, up to 2^63-1; without leading zeros, so that a blob has one name. */
function parseSize(name: string, size: string): number {
  if (!/^(0|[1-9]\d{0,18})$/.test(size) || BigInt(size) > LARGEST_SIZE)
    throw malformed(name, 'the size is no decimal number of bytes')
  return Number(size)
}

function malformed(name: string, why: string): GoregoError {
  return new GoregoError(
    'invalid-argument',
    `the resource name ${JSON.stringify(name.slice(0, 300))} cannot be understood: ${why}`,
  )
}
