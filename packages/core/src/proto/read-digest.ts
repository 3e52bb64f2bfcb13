import { Digest, type DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { BYTES, type WireReader } from './wire-reader.js'

const HASH = 1
const SIZE_BYTES = 2

/** The Digest message that a reader is at the beginning of, as a digest of that function (GEN-01). */
export function readDigest(fn: DigestFunction, reader: WireReader): Digest {
  let [start, end, sizeBytes] = [0, 0, 0]
  while (reader.next()) {
    if (reader.number === HASH) {
      reader.expect(BYTES)
      start = reader.start
      end = reader.end
    } else if (reader.number === SIZE_BYTES) sizeBytes = reader.int64()
  }
  const digest = Digest.ofAscii(fn, reader.bytes, start, end, sizeBytes)
  // DIG-03: no blob is so large, and nobody could say it again exactly.
  if (sizeBytes <= Number.MAX_SAFE_INTEGER) return digest
  throw new GoregoError('invalid-argument', `the size of blob ${digest.hash} is ${sizeBytes}: there are none as large`)
}
