import { AggregatorRegistry, type Registry } from 'prom-client'
import type { PlainMetrics } from './serving-metrics.js'

export interface MetricsText {
  readonly contentType: string
  readonly text: string
}

/** What this process counted and what others did, added up, as Prometheus reads it. */
export async function metricsText(registry: Registry, others: readonly PlainMetrics[]): Promise<MetricsText> {
  const all =
    others.length === 0 ? registry : AggregatorRegistry.aggregate([await registry.getMetricsAsJSON(), ...others])
  return { contentType: all.contentType, text: await all.metrics() }
}
