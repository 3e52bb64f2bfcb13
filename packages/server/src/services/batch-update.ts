import { type ContentAddressableStorage, reapi } from '@gorego/core'
import { addUpdated, type BatchUpdateMessage, type UpdateEntry } from '../wire/batch-messages.js'
import type { CallContext } from '../wire/call-context.js'
import type { Dialect } from '../wire/dialect.js'
import { digestOf, requestFunction } from '../wire/digests.js'
import { BatchDecompression } from './batch-compression.js'
import { BatchRoom, checkTotal, fateOf } from './batch-room.js'
import { checkBlobSize } from './check-blob-size.js'
import { Turns } from './turns.js'

export interface BatchUpdateOptions extends Dialect {
  readonly cas: ContentAddressableStorage
  readonly maxBlobBytes: number
}

/** The answer to a BatchUpdateBlobs. */
export async function batchUpdate(
  { cas, functions, compressors, maxBlobBytes, checkInstance }: BatchUpdateOptions,
  { instanceName, digestFunction, entries }: BatchUpdateMessage,
  { signal }: CallContext,
): Promise<Buffer> {
  checkInstance(instanceName)
  // BU-07
  checkTotal(entries.reduce((sum, { data }) => sum + data.length, 0))
  const digests = entries.map(({ digest }) => digest)
  const fn = requestFunction(functions, digestFunction, digests)
  const room = new BatchRoom(digests)
  const decompression = new BatchDecompression(compressors)
  const response = new reapi.MessageWriter()
  const turns = new Turns()
  for (const entry of entries) {
    if (turns.due) await turns.give(signal)
    addUpdated(response, entry.digest, room.status(await fateOf(() => update(entry))))
  }
  return response.finish()

  async function update({ digest: sent, data, compressor }: UpdateEntry): Promise<void> {
    const digest = digestOf(fn, sent, 'the digest of an entry')
    checkBlobSize(digest, maxBlobBytes)
    await cas.write(digest, decompression.content(data, compressor, digest), signal)
  }
}
