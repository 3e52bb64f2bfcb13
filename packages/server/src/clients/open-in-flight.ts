import type { Config } from '../config/config.js'
import type { ServingMetrics } from '../metrics/serving-metrics.js'
import { MB } from '../units.js'
import { InFlight } from './in-flight.js'

/** Undefined where clients may have any number of bytes under way. `metrics` is told of them, where there are any. */
export function openInFlight(
  { limits }: Pick<Config, 'limits'>,
  metrics: ServingMetrics | undefined,
): InFlight | undefined {
  if (limits.inFlightMb === 0) return undefined
  const inFlight = new InFlight({ maxBytes: limits.inFlightMb * MB, onWaited: metrics?.waited })
  metrics?.inFlight(inFlight)
  return inFlight
}
