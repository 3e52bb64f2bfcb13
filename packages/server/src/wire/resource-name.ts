import { Digest, digestFunctionNamed, digestFunctionOfLength, GoregoError } from '@gorego/core'
import { checkInstanceName, RESERVED_SEGMENTS } from './instance-name.js'

/** What a ByteStream resource name says. */
export interface ResourceName {
  readonly instance: string
  readonly digest: Digest
}

const LARGEST_SIZE = 2n ** 63n - 1n

/** RN-01: `[instance/]blobs/[fn/]hash/size`. Throws `invalid-argument` for anything else. */
export function parseReadName(name: string): ResourceName {
  const { instance, segments } = split(name)
  const { digest, rest } = blob(name, segments)
  // RN-08: metadata after the size is for uploads.
  if (rest.length > 0) throw malformed(name, 'something follows the size')
  return { instance, digest }
}

/** RN-03: `[instance/]uploads/{uuid}/blobs/[fn/]hash/size[/metadata…]`. */
export function parseWriteName(name: string): ResourceName {
  const { instance, segments } = split(name)
  const [uploads, uuid, ...tail] = segments
  if (uploads !== 'uploads' || uuid === undefined || uuid === '')
    throw malformed(name, 'want uploads/<uuid>/blobs/<hash>/<size>')
  return { instance, digest: blob(name, tail).digest }
}

/** The instance name goes up to the first segment that cannot be part of it. */
function split(name: string): { instance: string; segments: string[] } {
  // RN-04
  if (name.startsWith('/')) throw malformed(name, 'it starts with a slash')
  const segments = name.split('/')
  const start = segments.findIndex((segment) => RESERVED_SEGMENTS.has(segment))
  if (start < 0) throw malformed(name, 'want …/blobs/<hash>/<size>')
  return { instance: checkInstanceName(segments.slice(0, start).join('/')), segments: segments.slice(start) }
}

function blob(name: string, segments: readonly string[]): { digest: Digest; rest: readonly string[] } {
  const [kind, ...tail] = segments
  // RN-07: compressors that are not advertised are not served.
  if (kind === 'compressed-blobs')
    throw malformed(name, `compression with ${JSON.stringify(tail[0] ?? '')} is not supported here`)
  if (kind !== 'blobs') throw malformed(name, 'want …/blobs/<hash>/<size>')
  // RN-06: the function is spelled out for some; taking it for the others as well does no harm.
  const named = digestFunctionNamed(tail[0] ?? '')
  const [hash, size, ...rest] = named === undefined ? tail : tail.slice(1)
  const fn = named ?? digestFunctionOfLength(hash?.length ?? 0)
  if (hash === undefined || size === undefined) throw malformed(name, 'want …/blobs/<hash>/<size>')
  if (fn === undefined)
    throw malformed(name, `${JSON.stringify(hash.slice(0, 140))} is no hash of a digest function that is served here`)
  return { digest: Digest.of(fn, hash, parseSize(name, size)), rest }
}

/** RN-11: plain decimal, up to 2^63-1. */
function parseSize(name: string, size: string): number {
  if (!/^\d{1,19}$/.test(size) || BigInt(size) > LARGEST_SIZE)
    throw malformed(name, 'the size is no decimal number of bytes')
  return Number(size)
}

function malformed(name: string, why: string): GoregoError {
  return new GoregoError(
    'invalid-argument',
    `the resource name ${JSON.stringify(name.slice(0, 300))} cannot be understood: ${why}`,
  )
}
