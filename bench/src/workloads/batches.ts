import { Digest, reapi, SHA256 } from '@gorego/core'
import { DistinctBlobs } from '../content/distinct-blobs.js'
import { serverWorkload } from '../server-workload.js'
import { digestMessage } from '../wire/digest-message.js'
import { BATCH_UPDATE, uploadBlobs } from '../wire/upload.js'

const BATCH_READ = '/build.bazel.remote.execution.v2.ContentAddressableStorage/BatchReadBlobs'
const BLOBS = 100
const BLOB_BYTES = 4096

const batch = { clients: 4, bytesPerOperation: BLOBS * BLOB_BYTES }

export const batchUpdate = serverWorkload({
  ...batch,
  name: 'batch-update',
  about: 'BatchUpdateBlobs with 100 new blobs of 4 KiB',
  async start() {
    const contents = new DistinctBlobs(BLOB_BYTES)
    return {
      async perform(connection, operation) {
        const request = new reapi.MessageWriter()
        for (let n = 0; n < BLOBS; n++) {
          const blob = contents.make(operation * BLOBS + n)
          const digest = digestMessage(blob).serializeBinary()
          request.message(2, new reapi.MessageWriter().bytes(1, digest).bytes(2, blob.bytes))
        }
        const answer = await connection.unary(BATCH_UPDATE, request.finish())
        const { length } = reapi.BatchUpdateBlobsResponse.deserializeBinary(answer)
          .getResponsesList()
          .filter((response) => (response.getStatus()?.getCode() ?? 0) === 0)
        if (length !== BLOBS) throw new Error(`${length} of ${BLOBS} blobs were stored`)
      },
    }
  },
})

export const batchRead = serverWorkload({
  ...batch,
  name: 'batch-read',
  about: 'BatchReadBlobs of 100 blobs of 4 KiB, always the same ones',
  async start(control) {
    const contents = new DistinctBlobs(BLOB_BYTES)
    const blobs = Array.from({ length: BLOBS }, (_, number) => {
      const { bytes, hash, sizeBytes } = contents.make(number)
      return { bytes, digest: Digest.of(SHA256, hash, sizeBytes) }
    })
    await uploadBlobs(control, blobs)
    const message = new reapi.BatchReadBlobsRequest().setDigestsList(blobs.map(({ digest }) => digestMessage(digest)))
    const request = Buffer.from(message.serializeBinary())
    return {
      async perform(connection) {
        const answer = await connection.unary(BATCH_READ, request)
        if (answer.length < BLOBS * BLOB_BYTES) throw new Error(`${answer.length} bytes are not ${BLOBS} blobs`)
      },
    }
  },
})
