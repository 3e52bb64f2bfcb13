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

/** So many blobs are under way at a time: a store that has to ask another process asks about all of them in one go. */
const AT_ONCE = 8

/** The answer to a BatchUpdateBlobs. */
export async function batchUpdate(
  { cas, functions, compressors, maxBlobBytes, checkInstance }: BatchUpdateOptions,
  { instanceName, digestFunction, entries }: BatchUpdateMessage,
  context: CallContext,
): Promise<Buffer> {
  checkInstance(instanceName, context)
  const { signal } = context
  // BU-07
  checkTotal(entries.reduce((sum, { data }) => sum + data.length, 0))
  const digests = entries.map(({ digest }) => digest)
  const fn = requestFunction(functions, digestFunction, digests)
  const room = new BatchRoom(digests)
  const decompression = new BatchDecompression(compressors)
  const response = new reapi.MessageWriter()
  const turns = new Turns()
  for (let at = 0; at < entries.length; at += AT_ONCE) {
    if (turns.due) await turns.give(signal)
    const some = entries.slice(at, at + AT_ONCE)
    const fates = await Promise.all(some.map((entry) => fateOf(() => update(entry))))
    for (const [n, fate] of fates.entries()) addUpdated(response, some[n]?.digest, room.status(fate))
  }
  return response.finish()

  async function update({ digest: sent, data, compressor }: UpdateEntry): Promise<void> {
    const digest = digestOf(fn, sent, 'the digest of an entry')
    checkBlobSize(digest, maxBlobBytes)
    await cas.write(digest, decompression.content(data, compressor, digest), signal)
  }
}
