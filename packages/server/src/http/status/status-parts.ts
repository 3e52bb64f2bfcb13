import { statfs } from 'node:fs/promises'
import type {
  ContentAddressableStorage,
  DigestFunctionSet,
  LocalStore,
  TaskScheduler,
  UpstreamCache,
} from '@gorego/core'
import type { DeterminismRecord } from '../../determinism/determinism-record.js'
import type { History } from '../../history/action-history.js'
import type { PlainMetrics } from '../../metrics/serving-metrics.js'
import { cacheCounts } from '../../status/cache-counts.js'
import type { RecentExecutions } from '../../status/recent-executions.js'
import { type BackingLine, type StatusSnapshot, takeSnapshot } from '../../status/snapshot.js'
import { StatusFeed } from '../../status/status-feed.js'
import type { StatusRoutesOptions } from './status-routes.js'

export interface StatusPartsOptions {
  readonly engine:
    | {
        readonly scheduler: TaskScheduler
        readonly history: History
        readonly recent: RecentExecutions
        readonly determinism: DeterminismRecord
      }
    | undefined
  readonly store: Pick<LocalStore, 'usage' | 'evictions' | 'layout'>
  readonly cas: ContentAddressableStorage
  readonly functions: DigestFunctionSet
  /** What each process counted. */
  readonly counted: () => Promise<PlainMetrics[]>
  /** The cache behind; absent where there is none. */
  readonly backing: BackingStatus | undefined
}

interface BackingStatus {
  readonly target: string
  readonly cache: Pick<UpstreamCache, 'reachable' | 'backlog'>
}

/** What the status page stands on. */
export function statusParts({
  engine,
  store,
  cas,
  functions,
  counted,
  backing,
}: StatusPartsOptions): StatusRoutesOptions {
  const sources = {
    startedAt: Math.round(Date.now() - process.uptime() * 1000),
    engine,
    cas,
    cacheCounts: async () => cacheCounts(await counted()),
    disk: () => diskOf(store),
    backing: backing && (() => backingLine(backing)),
  }
  const snapshot = () => takeSnapshot(sources)
  return { snapshot, feed: new StatusFeed({ take: snapshot }), cas, functions, engine }
}

/** Free space changes all the time, on account of others: it is told in steps of 16 MiB, so that nothing is told when nothing happens. */
const STEP = 16 * 1024 * 1024

function backingLine({ target, cache: { reachable, backlog } }: BackingStatus): BackingLine {
  const { jobs, bytes, since } = backlog
  const line = { target, answers: reachable, pending: jobs, pendingBytes: bytes }
  return since === undefined ? line : { ...line, since }
}

async function diskOf({ usage, evictions, layout }: StatusPartsOptions['store']): Promise<StatusSnapshot['disk']> {
  const { blobs, bytes, maxBytes } = usage
  const known = { blobs, bytes, maxBytes, evictions }
  try {
    const { bavail, bsize } = await statfs(layout.root)
    return { ...known, freeBytes: Math.floor((bavail * bsize) / STEP) * STEP }
  } catch {
    return known
  }
}
