import { type ContentAddressableStorage, type Digest, GoregoError, type ResumableUploads } from '@gorego/core'
import type { CallContext } from '../wire/call-context.js'
import { checkBlobSize } from './check-blob-size.js'
import type { WriteRequests } from './write-requests.js'

/** How often an upload looks whether somebody else has finished the same blob meanwhile: as often as it got bytes so many times. */
const BATCHES_A_LOOK = 32

/** Ends an upload early, and well: the blob is there. */
const COMPLETED_BY_ANOTHER = Symbol('completed by another writer')

export interface WriteOptions {
  readonly cas: ContentAddressableStorage
  readonly uploads: ResumableUploads
  readonly maxBlobBytes: number
}

/** Stores what the requests carry. Resolves to false if it need not be sent, because the blob is there already (BW-08). */
export async function writeBlob(
  requests: WriteRequests,
  { cas, uploads, maxBlobBytes }: WriteOptions,
  call: Pick<CallContext, 'signal' | 'cancelled'>,
): Promise<boolean> {
  const { digest, upload: name } = requests.name
  checkBlobSize(digest, maxBlobBytes)
  try {
    if (await isThere(cas, digest)) throw COMPLETED_BY_ANOTHER
    const { whole } = requests
    if (whole === undefined) return await receive()
    await requests.refuseMore()
    await cas.write(digest, whole, call.signal)
    return true
  } catch (error) {
    if (error !== COMPLETED_BY_ANOTHER) throw error
    uploads.drop(name)
    return false
  }

  /** What breaks off is kept, to be continued from there (QS-04); what is wrong is not. */
  async function receive(): Promise<boolean> {
    using upload = await uploads.open(name, digest, requests.firstOffset)
    try {
      for await (const pieces of content()) await upload.append(pieces)
      await cas.write(digest, upload.finish(), call.signal)
      return true
    } catch (error) {
      const goodSoFar = requests.interrupted || call.cancelled || GoregoError.from(error).code === 'resource-exhausted'
      if (!goodSoFar) upload.discard()
      throw error
    }
  }

  function content(): AsyncIterable<readonly Uint8Array[]> {
    const sent = unlessCompleted(cas, digest, requests.data())
    const { compressor } = requests.name
    return compressor === undefined ? sent : eachAlone(compressor.decompress(oneByOne(sent)))
  }
}

export async function isThere(cas: ContentAddressableStorage, digest: Digest): Promise<boolean> {
  return (await cas.findMissing([digest])).length === 0
}

/** BW-08: nobody has to send what has come from somebody else meanwhile. */
async function* unlessCompleted(
  cas: ContentAddressableStorage,
  digest: Digest,
  batches: AsyncIterable<readonly Uint8Array[]>,
): AsyncGenerator<readonly Uint8Array[]> {
  let count = 0
  for await (const pieces of batches) {
    if (++count % BATCHES_A_LOOK === 0 && (await isThere(cas, digest))) throw COMPLETED_BY_ANOTHER
    yield pieces
  }
}

async function* oneByOne(batches: AsyncIterable<readonly Uint8Array[]>): AsyncGenerator<Uint8Array> {
  for await (const pieces of batches) yield* pieces
}

async function* eachAlone(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Uint8Array[]> {
  for await (const chunk of chunks) yield [chunk]
}
