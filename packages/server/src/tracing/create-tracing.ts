import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from '@gorego/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-base'
import { CallSpans } from './call-spans.js'
import { executionSpans } from './execution-spans.js'
import { TellingExporter } from './telling-exporter.js'
import type { Tracing } from './tracing.js'
import { visitSpan } from './visit-span.js'

export interface TracingOptions {
  /** Of a collector that takes OTLP over HTTP. */
  readonly url: string
  /** How many of the traces that begin here are sent; a client that began one has decided. */
  readonly sampleRatio: number
  readonly logger: Logger
}

/** Spans wait in memory and are sent in batches; when more are waiting than fit, the rest is left out. */
export function createTracing({ url, sampleRatio, logger }: TracingOptions): Tracing {
  const exporter = new TellingExporter(new OTLPTraceExporter({ url }), url, logger)
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'gorego', 'process.pid': process.pid }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sampleRatio) }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  })
  const tracer = provider.getTracer('gorego')
  const calls = new CallSpans(tracer)
  return {
    begin: (context) => calls.begin(context),
    ended: (call) => calls.ended(call),
    visited: (visit) => visitSpan(tracer, visit),
    executed: (operation, request) => executionSpans(tracer, operation, request),
    async close(boundMs) {
      const bound = new AbortController()
      const over = sleep(boundMs, undefined, { signal: bound.signal }).catch(() => {})
      // A collector that is away has been told of already.
      await Promise.race([provider.shutdown().catch(() => {}), over])
      bound.abort()
    },
  }
}
