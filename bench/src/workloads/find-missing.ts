import { Digest, reapi, SHA256 } from '@gorego/core'
import { DistinctBlobs } from '../content/distinct-blobs.js'
import { serverWorkload } from '../server-workload.js'
import { digestMessage } from '../wire/digest-message.js'
import { FIND_MISSING } from '../wire/find-missing.js'
import { uploadBlobs } from '../wire/upload.js'

const PRESENT = 900
const MISSING = 100

export const findMissing = serverWorkload({
  name: 'find-missing',
  about: `FindMissingBlobs of 1,000 digests, of which ${PRESENT} are there`,
  clients: 4,
  async start(control) {
    const contents = new DistinctBlobs(100)
    const blobs = Array.from({ length: PRESENT + MISSING }, (_, number) => {
      const { bytes, hash, sizeBytes } = contents.make(number)
      return { bytes, digest: Digest.of(SHA256, hash, sizeBytes) }
    })
    await uploadBlobs(control, blobs.slice(0, PRESENT))
    const message = new reapi.FindMissingBlobsRequest().setBlobDigestsList(
      blobs.map(({ digest }) => digestMessage(digest)),
    )
    const request = Buffer.from(message.serializeBinary())
    const first = await control.unary(FIND_MISSING, request)
    const found = reapi.FindMissingBlobsResponse.deserializeBinary(first).getMissingBlobDigestsList().length
    if (found !== MISSING) throw new Error(`${found} of 1,000 blobs are said to be missing, not ${MISSING}`)
    return {
      async perform(connection) {
        const answer = await connection.unary(FIND_MISSING, request)
        if (answer.length !== first.length) throw new Error('FindMissingBlobs answered differently')
      },
    }
  },
})
