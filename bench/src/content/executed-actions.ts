import type { Digest } from '@gorego/core'
import type { Connection } from '../wire/connection.js'
import { execute, executeRequest } from '../wire/execute.js'
import { uploadBlobs } from '../wire/upload.js'
import { tinyAction } from './tiny-action.js'

/** Actions that have run already, so that their results are in the cache. */
export async function executedActions(connection: Connection, what: string, count: number): Promise<Digest[]> {
  const actions = Array.from({ length: count }, (_, number) => tinyAction(what, number))
  const blobs = new Map(actions.flatMap((action) => action.blobs).map((blob) => [blob.digest.key, blob]))
  await uploadBlobs(connection, blobs.values())
  for (const { digest } of actions) await execute(connection, executeRequest(digest), { cached: false })
  return actions.map(({ digest }) => digest)
}
