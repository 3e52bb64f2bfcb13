import { LARGE_BYTES, LargeUploads, MIB } from '../content/large-uploads.js'
import { pick } from '../content/pick.js'
import { type ServerWorkload, serverWorkload } from '../server-workload.js'
import { readBlob, readRequest, writeBlob } from '../wire/byte-stream.js'

export const writeLarge1 = writeLarge({ clients: 1 })
export const writeLarge4 = writeLarge({ clients: 4 })
export const readLarge1 = readLarge({ clients: 1 })
export const readLarge4 = readLarge({ clients: 4 })

export interface LargeOptions extends Pick<ServerWorkload, 'windowBytes'> {
  readonly clients: number
  /** Of a blob: whole MiB. Default 64. */
  readonly sizeBytes?: number
  /** Instead of the number of clients, at the end of the name. */
  readonly suffix?: string
}

export function writeLarge({ clients, sizeBytes = LARGE_BYTES, suffix = String(clients), ...rest }: LargeOptions) {
  return serverWorkload({
    ...rest,
    name: `write-${sizeBytes / MIB}m-${suffix}`,
    about: `ByteStream.Write of a new blob of ${sizeBytes / MIB} MiB`,
    clients,
    bytesPerOperation: sizeBytes,
    async start() {
      const uploads = new LargeUploads(sizeBytes)
      return {
        perform(connection, operation) {
          const { messages } = uploads.make(operation)
          return writeBlob(connection, messages, sizeBytes)
        },
      }
    },
  })
}

export function readLarge({ clients, sizeBytes = LARGE_BYTES, suffix = String(clients), ...rest }: LargeOptions) {
  return serverWorkload({
    ...rest,
    name: `read-${sizeBytes / MIB}m-${suffix}`,
    about: `ByteStream.Read of a blob of ${sizeBytes / MIB} MiB, ${clients === 1 ? 'always the same one' : `one of ${clients}`}`,
    clients,
    bytesPerOperation: sizeBytes,
    async start(control) {
      const uploads = new LargeUploads(sizeBytes)
      const requests: Buffer[] = []
      for (let number = 0; number < clients; number++) {
        const { messages, ...blob } = uploads.make(number)
        await writeBlob(control, messages, sizeBytes)
        requests.push(readRequest(blob))
      }
      return { perform: (connection, operation) => readBlob(connection, pick(requests, operation), sizeBytes) }
    },
  })
}
