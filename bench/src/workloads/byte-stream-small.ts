import { Digest, SHA256 } from '@gorego/core'
import { DistinctBlobs } from '../content/distinct-blobs.js'
import { pick } from '../content/pick.js'
import { serverWorkload } from '../server-workload.js'
import { readBlob, readRequest, writeBlob, writeRequest } from '../wire/byte-stream.js'
import { uploadBlobs } from '../wire/upload.js'

const BLOB_BYTES = 10 * 1024
const BLOBS_READ = 1000

const small = { clients: 16, bytesPerOperation: BLOB_BYTES }

export const writeSmall = serverWorkload({
  ...small,
  name: 'write-10k',
  about: 'ByteStream.Write of a new blob of 10 KiB',
  async start() {
    const contents = new DistinctBlobs(BLOB_BYTES)
    return {
      perform(connection, operation) {
        const blob = contents.make(operation)
        const message = writeRequest({ blob, offset: 0, data: blob.bytes, last: true })
        return writeBlob(connection, [message], blob.sizeBytes)
      },
    }
  },
})

export const readSmall = serverWorkload({
  ...small,
  name: 'read-10k',
  about: 'ByteStream.Read of a blob of 10 KiB, one of 1,000',
  async start(control) {
    const contents = new DistinctBlobs(BLOB_BYTES)
    const blobs = Array.from({ length: BLOBS_READ }, (_, number) => {
      const { bytes, hash, sizeBytes } = contents.make(number)
      return { bytes, digest: Digest.of(SHA256, hash, sizeBytes) }
    })
    await uploadBlobs(control, blobs)
    const requests = blobs.map(({ digest }) => readRequest(digest))
    return { perform: (connection, operation) => readBlob(connection, pick(requests, operation), BLOB_BYTES) }
  },
})
