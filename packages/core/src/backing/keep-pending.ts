import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ActionCache, actionBlobs, referencedBlobs } from '../action-cache/index.js'
import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { blocks } from '../disk/index.js'
import type { Job } from './job.js'

export interface KeepPendingOptions {
  readonly local: ContentAddressableStorage
  readonly localResults: ActionCache
  /** What is still to be stored on the other side, in the order in which it came. */
  readonly jobs: Iterable<Job>
  /** Of blocks; the jobs that came last are not kept beyond it. */
  readonly maxBytes: number
}

/** How many jobs are looked at before other work gets a turn, each of them a look-up at least. */
const JOBS_A_TURN = 100

/** Has everything that is still to be stored on the other side counted as used here: what is evicted before would never get there. */
export async function keepPending({ local, localResults, jobs, maxBytes }: KeepPendingOptions): Promise<void> {
  let bytes = 0
  for (const [n, job] of [...jobs].entries()) {
    if (n % JOBS_A_TURN === JOBS_A_TURN - 1) await nextTurn()
    const digests = job.kind === 'blob' ? [job.digest] : await blobsOf(job.key)
    for (const { sizeBytes } of digests) bytes += blocks(sizeBytes)
    if (bytes > maxBytes) return
    await local.findMissing(digests)
  }

  async function blobsOf(key: (Job & { kind: 'result' })['key']): Promise<Digest[]> {
    const result = await localResults.get(key)
    if (result === undefined) return []
    const about = await actionBlobs(key.action, local)
    const named = await referencedBlobs(key.action.fn, result, local).catch(() => undefined)
    return named === undefined ? about : [...about, ...named]
  }
}
