import type { MetricsText } from '../metrics/metrics-text.js'
import { type CacheRoutesOptions, cacheRoutes } from './cache/cache-routes.js'
import { plain, type Route } from './route.js'
import { type StatusRoutesOptions, statusRoutes } from './status/status-routes.js'

export interface RoutesOptions {
  readonly metrics: () => Promise<MetricsText>
  /** False when it takes no new work, because it is being stopped. */
  readonly isReady: () => boolean
  /** For people who look at the server with a browser. */
  readonly status: StatusRoutesOptions
  /** Absent where it is not served. */
  readonly cache?: CacheRoutesOptions | undefined
}

export function httpRoutes({ metrics, isReady, status, cache }: RoutesOptions): Route[] {
  const answerMetrics = async () => {
    const { contentType, text } = await metrics()
    return { status: 200, contentType, body: text }
  }
  const answerReady = () => (isReady() ? plain(200, 'ready') : plain(503, 'shutting down'))
  return [
    { path: '/metrics', GET: { needs: 'read', answer: answerMetrics } },
    /** Whether it should be started again: it should not, as long as it answers. */
    { path: '/healthz', isProbe: true, GET: { needs: 'nothing', answer: () => plain(200, 'ok') } },
    /** Whether it should be sent anything. */
    { path: '/readyz', isProbe: true, GET: { needs: 'nothing', answer: answerReady } },
    ...statusRoutes(status),
    ...(cache === undefined ? [] : cacheRoutes(cache)),
  ]
}
