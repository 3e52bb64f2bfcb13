import type { IncomingMessage, ServerResponse } from 'node:http'
import { REQUEST_METADATA_HEADER, requestLabelsIn } from '../wire/request-metadata.js'

/** A request that is over: all of its answer was sent, or nobody is there to take it. */
export interface EndedVisit {
  readonly method: string
  /** What all paths of its route are called: `/cas/{hash}`. */
  readonly template: string
  /** As it came, still encoded. */
  readonly path: string
  /** Of the answer; undefined where its sender was gone before there was one. */
  readonly status: number | undefined
  /** Whether all of the answer was sent. */
  readonly whole: boolean
  /** Who asked, where that has to be known; else empty. */
  readonly caller: string
  /** Who asked and why, as far as the client says (RM-01). */
  readonly labels: Readonly<Record<string, string>>
  /** The span that the client asked in, in W3C's form, unchecked. */
  readonly traceparent: string | undefined
  /** Since when, by `performance.now()`. */
  readonly startedAt: number
  /** What went wrong, if anything. */
  readonly thrown: unknown
}

/** Is told of the requests of all routes that have a template, when they are over. */
export type VisitLog = (visit: EndedVisit) => void

/** What becomes known of a request while it is answered. */
export class BegunVisit {
  /** Of the route that answers, if that has one. */
  template: string | undefined
  caller = ''
  thrown: unknown
  readonly #request: IncomingMessage
  readonly #startedAt = performance.now()

  constructor(request: IncomingMessage) {
    this.#request = request
  }

  /** Undefined for one that is told to nobody. */
  end(response: ServerResponse): EndedVisit | undefined {
    const { template, caller, thrown } = this
    if (template === undefined) return undefined
    const { method = '', url = '', headers } = this.#request
    const said = headers[REQUEST_METADATA_HEADER]?.toString()
    return {
      method,
      template,
      path: url.split('?', 1)[0] ?? '',
      status: response.headersSent ? response.statusCode : undefined,
      whole: response.writableFinished,
      caller,
      labels: said === undefined ? {} : requestLabelsIn(Buffer.from(said, 'base64')),
      traceparent: headers.traceparent?.toString(),
      startedAt: this.#startedAt,
      thrown,
    }
  }
}
