import type { StoreUsage, TaskScheduler } from '@gorego/core'
import type { RecentExecutions } from './status/recent-executions.js'

/** How much a server has under way, has done since it began, and keeps. Plain data. */
export interface ServerLoad {
  readonly running: number
  readonly queued: number
  /** Executions that ended, however. */
  readonly completed: number
  /** Those of them that the action cache answered, and those that came to no result. */
  readonly cached: number
  readonly failed: number
  readonly blobs: number
  /** Disk space that all of it takes, and may take. */
  readonly bytes: number
  readonly maxBytes: number
}

/** How it does just now; without an engine, nothing is executed. */
export function serverLoad(
  engine: { readonly scheduler: Pick<TaskScheduler, 'load'>; readonly recent: RecentExecutions } | undefined,
  { blobs, bytes, maxBytes }: StoreUsage,
): ServerLoad {
  const { running, queued } = engine?.scheduler.load ?? { running: 0, queued: 0 }
  const { total, cached, withoutResult } = engine?.recent.counts ?? { total: 0, cached: 0, withoutResult: 0 }
  return { running, queued, completed: total, cached, failed: withoutResult, blobs, bytes, maxBytes }
}
