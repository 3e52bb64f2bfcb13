import type { PlainMetrics } from '../metrics/serving-metrics.js'

/** What was asked for since the start, and whether it was there. */
export interface CacheCounts {
  /** Action results. */
  readonly results: HitsAndMisses
  /** Blobs that were read; questions what is missing are not in here. */
  readonly blobs: HitsAndMisses
}

export interface HitsAndMisses {
  readonly hits: number
  readonly misses: number
}

const METHODS = { results: ['get_result'], blobs: ['get', 'read'] }

/** Of what all processes counted. */
export function cacheCounts(processes: readonly PlainMetrics[]): CacheCounts {
  const requests = processes.flatMap((metrics) => metrics.filter(({ name }) => name === 'gorego_cache_requests_total'))
  const values = requests.flatMap((metric) => metric.values).filter(({ labels }) => labels.tier === 'local')
  const sum = (methods: readonly string[], status: string) =>
    values
      .filter(({ labels }) => methods.includes(String(labels.method)) && labels.status === status)
      .reduce((total, { value }) => total + value, 0)
  const of = (methods: readonly string[]) => ({ hits: sum(methods, 'hit'), misses: sum(methods, 'miss') })
  return { results: of(METHODS.results), blobs: of(METHODS.blobs) }
}
