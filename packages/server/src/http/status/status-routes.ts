import { type ContentAddressableStorage, type DigestFunctionSet, GoregoError, type Scheduler } from '@gorego/core'
import type { History } from '../../history/action-history.js'
import { explainOperation } from '../../history/explain.js'
import { digestOfPath, digestPath } from '../../status/digest-path.js'
import { directoryListing } from '../../status/directory-listing.js'
import { operationDetail } from '../../status/operation-detail.js'
import type { StatusSnapshot } from '../../status/snapshot.js'
import type { StatusFeed } from '../../status/status-feed.js'
import { blobAnswer } from '../cache/blob-answer.js'
import type { Answer, Endpoint, Route, Visit } from '../route.js'
import { assetAnswer } from './assets.js'

export interface StatusRoutesOptions {
  readonly snapshot: () => Promise<StatusSnapshot>
  readonly feed: StatusFeed
  readonly cas: ContentAddressableStorage
  readonly functions: DigestFunctionSet
  /** Absent from a cache that executes nothing. */
  readonly engine: { readonly scheduler: Scheduler; readonly history: History } | undefined
}

const OPERATION = '([0-9a-f-]{36})'
const DIGEST = '([0-9a-z]+-[0-9a-f]+-[0-9]+)'

/**
 * The status page and what it asks. To look is not to use: an open page keeps no server from being idle. What everybody executes is for those
 * who may `admin`, as over gRPC; the page's own files say nothing of it.
 */
export function statusRoutes(options: StatusRoutesOptions): Route[] {
  const { snapshot, feed, cas, functions } = options
  const engine = () => {
    if (options.engine !== undefined) return options.engine
    throw new GoregoError('not-found', 'this server executes nothing')
  }
  const operation = ({ parts: [name = ''] }: Visit) => engine().scheduler.get(name)
  return [
    { path: '/', GET: admin(() => assetAnswer('status.html')) },
    { path: new RegExp(`^/operations/${OPERATION}$`), GET: admin(() => assetAnswer('operation.html')) },
    ...['status.css', 'status.js', 'operation.js', 'elements.js', 'icon.svg'].map((name) => ({
      path: `/${name}`,
      GET: { needs: 'nothing' as const, answer: () => assetAnswer(name) },
    })),
    // What browsers ask for beside anything that is not a page of ours.
    { path: '/favicon.ico', GET: { needs: 'nothing', answer: () => assetAnswer('icon.svg') } },
    { path: '/events', GET: admin(({ signal }) => events(feed, signal)) },
    { path: '/api/status', GET: admin(async () => json(await snapshot())) },
    {
      path: new RegExp(`^/api/operations/${OPERATION}$`),
      GET: admin(async (visit) => json(await operationDetail(await operation(visit), cas, visit.signal))),
    },
    {
      path: new RegExp(`^/api/operations/${OPERATION}/why$`),
      GET: admin(async (visit) => {
        const { history } = engine()
        const why = await explainOperation(await operation(visit), { cas, history, signal: visit.signal })
        return json({ ...why, action: digestPath(why.action), previous: why.previous && digestPath(why.previous) })
      }),
    },
    {
      path: new RegExp(`^/api/directories/${DIGEST}$`),
      GET: admin(async ({ parts: [digest = ''], signal }) =>
        json(await directoryListing(cas, digestOfPath(digest, functions), signal)),
      ),
    },
    {
      // The last segment is what browsers call the file.
      path: new RegExp(`^/blobs/${DIGEST}(?:/[^/]*)?$`),
      GET: admin((visit) => blobAnswer(cas, digestOfPath(visit.parts[0] ?? '', functions), visit)),
    },
  ]
}

function admin(answer: Endpoint['answer']): Endpoint {
  return { needs: 'admin', answer }
}

function json(value: unknown): Answer {
  return { status: 200, contentType: 'application/json; charset=utf-8', body: JSON.stringify(value) }
}

function events(feed: StatusFeed, signal: AbortSignal): Answer {
  return { status: 200, contentType: 'text/event-stream; charset=utf-8', body: { chunks: feed.watch(signal) } }
}
