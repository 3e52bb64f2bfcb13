import { reapi } from '@gorego/core'
import { pick } from '../content/pick.js'
import { storedBlob } from '../content/stored-blobs.js'
import { serverWorkload } from '../server-workload.js'
import { digestMessage } from '../wire/digest-message.js'
import { FIND_MISSING } from '../wire/find-missing.js'
import type { LoadWorkload } from '../workload.js'

const DIGESTS = 1000
/** Together they ask for so many times as many blobs, so that no cache of the processor holds them all. */
const REQUESTS = 20

/** Over a store that writeStoredBlobs has filled. */
export function growStore(blobs: number): LoadWorkload {
  return serverWorkload({
    name: `grow-store-${blobs}`,
    about: `FindMissingBlobs of 1,000 out of ${blobs.toLocaleString('en-US')} stored blobs, all there`,
    clients: 4,
    async start() {
      const requests = Array.from({ length: REQUESTS }, (_, first) => requestFrom(first, blobs))
      return {
        async perform(connection, operation) {
          const answer = await connection.unary(FIND_MISSING, pick(requests, operation))
          if (answer.length > 0) throw new Error('a blob of the store is said to be missing')
        },
      }
    },
  })
}

/** Blobs from all over the store. */
function requestFrom(first: number, blobs: number): Buffer {
  const digests = Array.from({ length: DIGESTS }, (_, n) => {
    const number = (first + Math.floor((n * blobs) / DIGESTS)) % blobs
    return digestMessage(storedBlob(number).digest)
  })
  return Buffer.from(new reapi.FindMissingBlobsRequest().setBlobDigestsList(digests).serializeBinary())
}
