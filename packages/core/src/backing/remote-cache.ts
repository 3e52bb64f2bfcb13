import type { ActionCache } from '../action-cache/index.js'
import type { LocalStore } from '../cas/index.js'
import type { DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import type { Logger } from '../observe/index.js'
import type { BackingCache } from './backing-cache.js'

/** The caches of this machine that another one is put behind. */
export interface RemoteCacheParts {
  readonly store: LocalStore
  readonly results: ActionCache
  /** A directory for what is still to be stored there, kept from one process to the next; made if it is needed. Processes may share it. */
  readonly directory: string
  /** What everything is hashed with. */
  readonly fn: DigestFunction
  readonly logger: Logger
}

/** A cache that is in use. */
export interface OpenedRemoteCache {
  readonly cache: BackingCache
  /** Whether what goes wrong there is told to whoever runs an action. Otherwise the cache then counts as empty. */
  readonly required: boolean
  /** Stores there what is still to be, as far as that is possible in a bounded time. */
  close(): Promise<void>
}

/**
 * A cache that executors share, to be put behind that of each (`remote` of `LocalExecutor.open`). `remoteCache('grpc://…')` of `@gorego/server`
 * makes one of any REAPI cache; core speaks no gRPC.
 */
export interface RemoteCache {
  /** Resolves to undefined where there is nothing to be had from it, and that is allowed. */
  open(parts: RemoteCacheParts): Promise<OpenedRemoteCache | undefined>
}

/** The address alone is what one writes first, and what other tools take: JavaScript is told what to write instead. */
export function checkRemoteCache(remote: unknown): void {
  if (typeof remote !== 'string') return
  const shown = JSON.stringify(remote)
  throw new GoregoError(
    'invalid-argument',
    `remote is ${shown}, and @gorego/core speaks no gRPC: want remoteCache(${shown}), of @gorego/server`,
  )
}
