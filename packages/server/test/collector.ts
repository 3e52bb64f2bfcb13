import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SentSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly status: { readonly code: number; readonly message?: string }
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[]
}

/** Takes OTLP in JSON, as a collector does. */
export class Collector implements AsyncDisposable {
  readonly spans: SentSpan[] = []
  /** Bodies as they came. */
  readonly bodies: string[] = []
  readonly #server: Server

  private constructor(status: number) {
    this.#server = createServer(async (request, response) => {
      let body = ''
      for await (const piece of request.setEncoding('utf8')) body += piece
      this.bodies.push(body)
      for (const resource of JSON.parse(body).resourceSpans)
        for (const scope of resource.scopeSpans) this.spans.push(...scope.spans)
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    })
  }

  static async start({ status = 200 } = {}): Promise<Collector> {
    const collector = new Collector(status)
    await new Promise<void>((resolve) => collector.#server.listen(0, '127.0.0.1', resolve))
    return collector
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/traces`
  }

  named(name: string): SentSpan {
    const [span, ...more] = this.spans.filter((each) => each.name === name)
    if (span === undefined || more.length > 0)
      throw new Error(`not one span ${name} among ${this.spans.map((each) => each.name)}`)
    return span
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
