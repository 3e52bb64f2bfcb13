import type { MetricsText } from '../metrics/metrics-text.js'
import { plain, type Route } from './http-server.js'

export interface RoutesOptions {
  readonly metrics: () => Promise<MetricsText>
  /** False when it takes no new work, because it is being stopped. */
  readonly isReady: () => boolean
}

export function httpRoutes({ metrics, isReady }: RoutesOptions): Record<string, Route> {
  return {
    '/metrics': async () => {
      const { contentType, text } = await metrics()
      return { status: 200, contentType, body: text }
    },
    /** Whether it should be started again: it should not, as long as it answers. */
    '/healthz': () => plain(200, 'ok'),
    /** Whether it should be sent anything. */
    '/readyz': () => (isReady() ? plain(200, 'ready') : plain(503, 'shutting down')),
  }
}
