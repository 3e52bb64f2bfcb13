import { type Digest, type DigestFunction, reapi } from '@gorego/core'

const { readDigest, WireReader } = reapi

/** A Digest message as the client sent it, which may be of no blob that there could be. */
export class SentDigest {
  /** The message, a view of the request: what answers repeat. */
  readonly bytes: Buffer
  readonly hash: string
  readonly sizeBytes: number

  /** Of the field that a reader is at. */
  constructor(field: reapi.WireReader) {
    let [hash, sizeBytes] = ['', 0]
    for (const reader = field.message(); reader.next(); ) {
      if (reader.number === 1) hash = reader.text()
      else if (reader.number === 2) sizeBytes = reader.int64()
    }
    this.bytes = field.view()
    this.hash = hash
    this.sizeBytes = sizeBytes
  }

  /** Throws `invalid-argument` for what is no digest of that function. */
  toDigest(fn: DigestFunction): Digest {
    return readDigest(fn, new WireReader(this.bytes))
  }
}
