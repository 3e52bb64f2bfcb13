import type { ContentAddressableStorage, Digest } from '@gorego/core'
import { chunksInTurn } from '../../clients/chunks-in-turn.js'
import type { Answer, Visit } from '../route.js'

/**
 * Whatever a browser is led to, a blob is nothing but bytes there: it must not act with the rights of the status page that
 * comes from the same place.
 */
const INERT = {
  'content-disposition': 'attachment',
  'content-security-policy': "default-src 'none'; sandbox",
}

/** A blob, read as it is sent. */
export function blobAnswer(
  cas: ContentAddressableStorage,
  digest: Digest,
  { signal, bytes }: Pick<Visit, 'signal' | 'bytes'>,
): Answer {
  const { sizeBytes } = digest
  const chunks = chunksInTurn(cas.read(digest, {}, signal), bytes.down, sizeBytes)
  const body = { sizeBytes, chunks }
  return { status: 200, contentType: 'application/octet-stream', body, headers: INERT }
}

/** The same for bytes that are in memory. */
export function bytesAnswer(body: Uint8Array): Answer {
  return { status: 200, contentType: 'application/octet-stream', body, headers: INERT }
}
