import { Digest, type DigestFunction, type DigestFunctionSet, digestFunctions, GoregoError } from '@gorego/core'
import type { InstanceCheck } from '../../wire/instance-name.js'

/** `[/instance]/cas/hash`, as Bazel and others have it: an instance of any depth, and one segment that must be a hash. */
export const BLOB_PATH = /^\/(?:(.*)\/)?cas\/([^/]+)$/

/** `[/instance]/ac/key` */
export const RESULT_PATH = /^\/(?:(.*)\/)?ac\/([^/]+)$/

export interface CachePath {
  /** Of an instance that there is. */
  readonly instance: string
  /** A hash, in lowercase hexadecimal digits. */
  readonly hash: string
  /** Whose hashes have this length: clients do not say which one it is. */
  readonly fn: DigestFunction
}

type Parts = readonly (string | undefined)[]

/** Where a blob is. Its hash is checked, so its function must be one that is offered. */
export function blobPath([instance, hash = '']: Parts, check: InstanceCheck, functions: DigestFunctionSet): CachePath {
  const fn = functions.ofLength(hash.length)
  if (fn === undefined) {
    throw new GoregoError(
      'invalid-argument',
      `${shown(hash)} is no hash of ${functions.names}; in HTTP paths, 64 digits are a SHA-256`,
    )
  }
  return { instance: instanceOf(instance, check), ...checked(fn, hash) }
}

/** Where a result is. Its key only has to look like a hash: what it is of is the client's business. */
export function resultPath([instance, key = '']: Parts, check: InstanceCheck): CachePath {
  const fn = digestFunctions.find(({ explicit, hashLength }) => !explicit && hashLength === key.length)
  if (fn === undefined) {
    throw new GoregoError(
      'invalid-argument',
      `${shown(key)} cannot be a key: want 64 hexadecimal digits, or 32, 40, 96 or 128`,
    )
  }
  return { instance: instanceOf(instance, check), ...checked(fn, key) }
}

function checked(fn: DigestFunction, hash: string): Pick<CachePath, 'fn' | 'hash'> {
  return { fn, hash: Digest.of(fn, hash, 0).hash }
}

function instanceOf(encoded: string | undefined, check: InstanceCheck): string {
  return check(instanceIn([encoded]))
}

/** What a path of the cache says of the instance, not yet checked; empty where it says nothing. */
export function instanceIn([encoded]: Parts): string {
  return encoded === undefined ? '' : decoded(encoded)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new GoregoError('invalid-argument', `${shown(text)} is not encoded as a URL has it`)
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 140))
}
