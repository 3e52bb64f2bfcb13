import type { Config } from '../config/config.js'
import type { ServingMetrics } from './serving-metrics.js'

/**
 * Counts for whoever can read them; undefined where nobody can. Only then is prom-client loaded, which took 36 ms where it
 * was measured.
 */
export async function openMetrics({ http }: Config): Promise<ServingMetrics | undefined> {
  if (http.listenAddr === undefined) return undefined
  const { ServingMetrics } = await import('./serving-metrics.js')
  return new ServingMetrics()
}
