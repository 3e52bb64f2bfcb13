import { GoregoError, type Logger } from '@gorego/core'
import type { Config } from '../config/config.js'
import type { Tracing } from './tracing.js'

/** Undefined where nobody wants traces: then nothing of OpenTelemetry is loaded. */
export async function openTracing({ telemetry }: Config, logger: Logger): Promise<Tracing | undefined> {
  const { tracingEndpoint: url, sampleRatio } = telemetry
  if (url === undefined) return undefined
  const { createTracing } = await import('./create-tracing.js').catch((cause) => {
    if ((cause as NodeJS.ErrnoException)?.code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new GoregoError(
      'failed-precondition',
      'telemetry.tracing_endpoint needs packages that are not installed; they are optional dependencies of @gorego/server: ' +
        'install gorego again without --omit=optional, or leave out that setting',
      { cause },
    )
  })
  return createTracing({ url, sampleRatio, logger })
}
