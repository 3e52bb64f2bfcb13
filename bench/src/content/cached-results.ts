import { randomUUID } from 'node:crypto'
import { type Digest, reapi } from '@gorego/core'
import { digestMessage } from '../wire/digest-message.js'
import { type Blob, blobOf } from './build-action.js'

const STDOUT = blobOf(Buffer.from('hello\n'))
const EXECUTION_MS = 5

/**
 * Results as executing a tiny action leaves them, for caches that execute nothing, too. They refer to one blob, which
 * has to be stored before.
 */
export const cachedResult = {
  blobs: [STDOUT] as readonly Blob[],
  bytes: Buffer.from(resultMessage().serializeBinary()),
}

/** Names an action that nobody has seen; only its digest is needed to cache a result for it. */
export function actionName(number: number): Digest {
  return blobOf(Buffer.from(`${run} ${number}`)).digest
}

const run = randomUUID()

function resultMessage(): reapi.ActionResult {
  const now = Date.now()
  const metadata = new reapi.ExecutedActionMetadata()
    .setWorker('worker')
    .setQueuedTimestamp(reapi.timestampFromMillis(now))
    .setWorkerStartTimestamp(reapi.timestampFromMillis(now))
    .setExecutionStartTimestamp(reapi.timestampFromMillis(now))
    .setExecutionCompletedTimestamp(reapi.timestampFromMillis(now + EXECUTION_MS))
    .setWorkerCompletedTimestamp(reapi.timestampFromMillis(now + EXECUTION_MS))
  return new reapi.ActionResult().setStdoutDigest(digestMessage(STDOUT.digest)).setExecutionMetadata(metadata)
}
