import { type Digest, reapi } from '@gorego/core'

export function digestMessage(digest: Pick<Digest, 'hash' | 'sizeBytes'>): reapi.Digest {
  return new reapi.Digest().setHash(digest.hash).setSizeBytes(digest.sizeBytes)
}
