import { type AllocateChunk, blobNotFound, type ContentAddressableStorage, GoregoError } from '@gorego/core'
import { chunksInTurn } from '../clients/chunks-in-turn.js'
import { readResponseHeader } from '../wire/byte-stream-messages.js'
import type { Download } from '../wire/direct-method.js'
import type { ResourceName } from '../wire/resource-name.js'
import { isThere } from './byte-stream-write.js'
import { ChunkPool } from './chunk-pool.js'

/** What of a blob is asked for, in uncompressed bytes (BR-06); a limit of 0 is none. */
export interface ReadRange {
  readonly offset: number
  readonly limit: number
}

/** Blobs up to this size are sent as one message. */
const ONE_MESSAGE = 64 * 1024

const pool = new ChunkPool()

/** Answers one Read. */
export async function readBlob(
  cas: ContentAddressableStorage,
  { digest, compressor }: ResourceName,
  { offset, limit }: ReadRange,
  call: Download,
): Promise<void> {
  if (!(limit >= 0)) throw new GoregoError('invalid-argument', `read_limit is ${limit}: want 0 or more`)
  // BR-07: nobody could tell of which bytes it speaks.
  if (compressor !== undefined && limit !== 0)
    throw new GoregoError('invalid-argument', `read_limit is ${limit}: a compressed blob can only be read to its end`)
  const rest = digest.sizeBytes - offset
  const length = limit === 0 ? rest : Math.min(limit, rest)
  // BR-01 before BR-03: what is not there has no size to be beyond. The store says so itself where something is read.
  if (!(offset >= 0 && length > 0) && !(await isThere(cas, digest))) throw blobNotFound(digest)
  if (!(offset >= 0 && rest >= 0)) {
    throw new GoregoError(
      'out-of-range',
      `read_offset is ${offset}, outside of the ${digest.sizeBytes} bytes of blob ${digest}`,
    )
  }
  // BR-03: no data is no request to the store.
  const read = (allocate?: AllocateChunk) =>
    length === 0 ? noContent() : cas.read(digest, { offset, length }, call.signal, allocate)
  const { down } = call.bytes
  if (compressor !== undefined) await sendAll(call, chunksInTurn(compressor.compress(read()), down))
  else if (digest.sizeBytes > ONE_MESSAGE) await sendAll(call, chunksInTurn(read(pool.allocate), down, length))
  else if (length > 0) {
    await down.take(length)
    const blob = await cas.get(digest, call.signal)
    call.succeedWith(readResponseHeader(length), blob.subarray(offset, offset + length))
  }
}

async function* noContent(): AsyncGenerator<Uint8Array> {}

/** BR-11: one message is on its way while the next is read, and no more, however slowly the client reads. */
async function sendAll(call: Download, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const { down } = call.bytes
  let sent = Promise.resolve(true)
  for await (const chunk of chunks) {
    if (!(await sent)) return
    sent = call.send(readResponseHeader(chunk.length), chunk).then((delivered) => {
      // Who knows who still looks at a chunk that could not be delivered: it is left to the garbage collector.
      if (delivered) pool.release(chunk)
      down.give(chunk.length)
      return delivered
    })
  }
  await sent
}
