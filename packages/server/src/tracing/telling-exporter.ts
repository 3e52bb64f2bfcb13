import type { Logger } from '@gorego/core'
import { type ExportResult, ExportResultCode } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base'

/** Says once that spans do not arrive, and once that they do again: the SDK would keep it to itself. */
export class TellingExporter implements SpanExporter {
  readonly #base: SpanExporter
  readonly #url: string
  readonly #logger: Logger
  #failing = false

  constructor(base: SpanExporter, url: string, logger: Logger) {
    this.#base = base
    this.#url = url
    this.#logger = logger
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#base.export(spans, (result) => {
      const failed = result.code !== ExportResultCode.SUCCESS
      if (failed && !this.#failing)
        this.#logger.warn('spans cannot be sent; those of the meantime are lost', {
          endpoint: this.#url,
          why: result.error?.message ?? 'no reason was given',
        })
      if (!failed && this.#failing) this.#logger.info('spans are sent again', { endpoint: this.#url })
      this.#failing = failed
      done(result)
    })
  }

  shutdown(): Promise<void> {
    return this.#base.shutdown()
  }
}
