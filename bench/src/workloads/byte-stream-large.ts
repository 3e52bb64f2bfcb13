import { LARGE_BYTES, LargeUploads } from '../content/large-uploads.js'
import { pick } from '../content/pick.js'
import { serverWorkload } from '../server-workload.js'
import { readBlob, readRequest, writeBlob } from '../wire/byte-stream.js'
import type { Workload } from '../workload.js'

export const writeLarge1 = writeLarge(1)
export const writeLarge4 = writeLarge(4)
export const readLarge1 = readLarge(1)
export const readLarge4 = readLarge(4)

function writeLarge(clients: number): Workload {
  return serverWorkload({
    name: `write-64m-${clients}`,
    about: 'ByteStream.Write of a new blob of 64 MiB',
    clients,
    bytesPerOperation: LARGE_BYTES,
    async start() {
      const uploads = new LargeUploads()
      return {
        perform(connection, operation) {
          const { messages, sizeBytes } = uploads.make(operation)
          return writeBlob(connection, messages, sizeBytes)
        },
      }
    },
  })
}

function readLarge(clients: number): Workload {
  return serverWorkload({
    name: `read-64m-${clients}`,
    about: `ByteStream.Read of a blob of 64 MiB, ${clients === 1 ? 'always the same one' : `one of ${clients}`}`,
    clients,
    bytesPerOperation: LARGE_BYTES,
    async start(control) {
      const uploads = new LargeUploads()
      const requests: Buffer[] = []
      for (let number = 0; number < clients; number++) {
        const { messages, ...blob } = uploads.make(number)
        await writeBlob(control, messages, blob.sizeBytes)
        requests.push(readRequest(blob))
      }
      return { perform: (connection, operation) => readBlob(connection, pick(requests, operation), LARGE_BYTES) }
    },
  })
}
