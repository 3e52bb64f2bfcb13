import { GoregoError, type LocalStore, type Logger } from '@gorego/core'

/**
 * Takes a cache for this server alone. Two would each count their own blobs against the size, and evict what the other one has told its
 * clients is there. Embedded executors and `gorego run` may do so as well, which costs a build a retry: they are told of.
 */
export function claimStore(store: Pick<LocalStore, 'claim' | 'layout'>, logger: Logger): void {
  const { servers, others } = store.claim()
  if (servers.length > 0)
    throw new GoregoError(
      'already-exists',
      `${store.layout.root} is the cache of a server that runs, process ${servers.join(', ')}: stop that one, or choose another directory with --dir`,
    )
  if (others.length > 0)
    logger.warn('other processes have this cache open, and may evict what clients of this server rely on', {
      pids: others.join(', '),
    })
}
