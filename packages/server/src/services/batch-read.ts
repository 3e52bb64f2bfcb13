import { type ContentAddressableStorage, GoregoError, reapi } from '@gorego/core'
import { addRead, type BatchReadMessage } from '../wire/batch-messages.js'
import type { Dialect } from '../wire/dialect.js'
import { digestOf, requestFunction } from '../wire/digests.js'
import type { CountedContext } from '../wire/direct-method.js'
import type { SentDigest } from '../wire/sent-digest.js'
import { NOTHING, type PackedBlob, packBlob } from './batch-compression.js'
import { BatchRoom, checkTotal, fateOf } from './batch-room.js'
import { Turns } from './turns.js'

export interface BatchReadOptions extends Dialect {
  readonly cas: ContentAddressableStorage
}

/** The answer to a BatchReadBlobs. */
export async function batchRead(
  { cas, functions, compressors, checkInstance }: BatchReadOptions,
  { instanceName, digestFunction, digests, acceptableCompressors }: BatchReadMessage,
  context: CountedContext,
): Promise<Buffer> {
  checkInstance(instanceName, context)
  const { signal } = context
  const total = digests.reduce((sum, { sizeBytes }) => sum + Math.max(0, sizeBytes), 0)
  checkTotal(total)
  const fn = requestFunction(functions, digestFunction, digests)
  // Not one of them is a digest: nothing can be said of each.
  if (fn === undefined && digests.length > 0) digestOf(fn, digests[0], 'a digest of the batch')
  const room = new BatchRoom(digests)
  await roomFor(context, total, digests)
  const response = new reapi.MessageWriter()
  const turns = new Turns()
  for (const sent of digests) {
    if (turns.due) await turns.give(signal)
    let blob = NOTHING
    const error = await fateOf(async () => {
      blob = await read(sent)
    })
    addRead(response, sent, room.status(error), blob)
  }
  return response.finish()

  async function read(sent: SentDigest): Promise<PackedBlob> {
    const digest = digestOf(fn, sent, 'a digest of the batch')
    const packed = await packBlob(await cas.get(digest, signal), acceptableCompressors, compressors)
    if (room.take(packed.data.length)) return packed
    throw new GoregoError('resource-exhausted', `blob ${digest} did not fit into the response; ask for it again`)
  }
}

/** For the answer, and the digests of the request with it. */
async function roomFor(
  { bytes: { down } }: CountedContext,
  total: number,
  digests: readonly SentDigest[],
): Promise<void> {
  await down.take(total + digests.reduce((sum, { bytes }) => sum + bytes.length, 0))
}
