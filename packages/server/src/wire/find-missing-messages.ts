import { type Digest, type DigestFunction, reapi } from '@gorego/core'
import { MAX_REQUEST_FIELDS } from '../services/limits.js'
import { SentDigest } from './sent-digest.js'

const { FieldCount, readDigest, varintLength, WireReader, writeVarint } = reapi

const INSTANCE_NAME = 1
const BLOB_DIGESTS = 2
const DIGEST_FUNCTION = 3

/**
 * A FindMissingBlobsRequest: what it says of all its digests together is looked for at once, at some nanoseconds a digest;
 * the digests are read when they are asked for.
 */
export class FindMissingRequest {
  readonly instanceName: string
  readonly digestFunction: number
  /** Its first digest. */
  readonly first: SentDigest | undefined
  readonly #bytes: Uint8Array

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    let [instanceName, digestFunction] = ['', 0]
    let first: SentDigest | undefined
    const reader = readerOf(bytes)
    while (reader.next()) {
      if (reader.number === INSTANCE_NAME) instanceName = reader.text()
      else if (reader.number === DIGEST_FUNCTION) digestFunction = reader.int32()
      else if (reader.number === BLOB_DIGESTS) first ??= new SentDigest(reader)
    }
    this.instanceName = instanceName
    this.digestFunction = digestFunction
    this.first = first
  }

  static parse(bytes: Uint8Array): FindMissingRequest {
    return new FindMissingRequest(bytes)
  }

  /** Its digests, so many at a time; each must be one of that function (DIG-06). */
  *digests(fn: DigestFunction, atATime: number): Generator<Digest[]> {
    let digests: Digest[] = []
    const reader = readerOf(this.#bytes)
    while (reader.next()) {
      if (reader.number !== BLOB_DIGESTS) continue
      if (digests.push(readDigest(fn, reader.message())) < atATime) continue
      yield digests
      digests = []
    }
    if (digests.length > 0) yield digests
  }
}

function readerOf(bytes: Uint8Array): reapi.WireReader {
  return new WireReader(bytes, new FieldCount(MAX_REQUEST_FIELDS))
}

/** Tags of length-delimited fields: number * 8 + 2. */
const MISSING_TAG = 0x12
const HASH_TAG = 0x0a
/** Of a varint: number * 8. */
const SIZE_TAG = 0x10

/** The entries of a FindMissingBlobsResponse; those of several lists, one behind the other, are one response. */
export function encodeMissing(digests: readonly Digest[]): Buffer {
  const lengths = digests.map(({ hash, sizeBytes }) => {
    const size = sizeBytes === 0 ? 0 : 1 + varintLength(sizeBytes)
    return 1 + varintLength(hash.length) + hash.length + size
  })
  const total = lengths.reduce((sum, length) => sum + 1 + varintLength(length) + length, 0)
  const out = Buffer.allocUnsafe(total)
  let at = 0
  for (const [n, { hash, sizeBytes }] of digests.entries()) {
    out[at++] = MISSING_TAG
    at = writeVarint(out, at, lengths[n] as number)
    out[at++] = HASH_TAG
    at = writeVarint(out, at, hash.length)
    at += out.write(hash, at, 'latin1')
    // A default is left out.
    if (sizeBytes === 0) continue
    out[at++] = SIZE_TAG
    at = writeVarint(out, at, sizeBytes)
  }
  return out
}
