import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Logger } from '@gorego/core'
import { listenAt } from '../wire/listening.js'

/** What is sent for one request. */
export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** Answers GET and HEAD of one path. */
export type Route = (request: IncomingMessage) => Answer | Promise<Answer>

export interface HttpServerOptions {
  /** `host:port`, port 0 for a free one, or `unix:/path`. */
  readonly listenAddr: string
  /** By path. */
  readonly routes: Readonly<Record<string, Route>>
  readonly logger: Logger
}

export interface HttpServer {
  /** As `listenAddr`, with the real port. */
  readonly address: string
  /** Takes no more requests and cuts off those under way. */
  close(): Promise<void>
}

/** A request that says nothing for so long is given up, in milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000

const PLAIN = 'text/plain; charset=utf-8'

export const plain = (status: number, text: string): Answer => ({ status, contentType: PLAIN, body: `${text}\n` })

/** The port for people, probes and Prometheus, beside gRPC's. */
export async function serveHttp({ listenAddr, routes, logger }: HttpServerOptions): Promise<HttpServer> {
  const known = new Map(Object.entries(routes))
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, async (request, response) => {
    try {
      send(request, response, await answer(known, request))
    } catch (error) {
      logger.error('an HTTP request failed', { url: request.url?.slice(0, 200), error })
      send(request, response, plain(500, 'something went wrong here; the log says what'))
    }
  })
  return {
    address: await listenAt(server, listenAddr, 'http.listen_addr'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(routes: ReadonlyMap<string, Route>, request: IncomingMessage): Promise<Answer> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
  const route = routes.get(path)
  if (route === undefined) {
    return plain(404, `nothing is served here; there is ${[...routes.keys()].join(', ')}`)
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'only GET and HEAD are answered here')
  return await route(request)
}

function send(request: IncomingMessage, response: ServerResponse, { status, contentType, body }: Answer): void {
  // Nobody is to guess what it is, nor to keep it.
  const headers = { 'content-type': contentType, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' }
  const allow = status === 405 ? { allow: 'GET, HEAD' } : {}
  response.writeHead(status, { ...headers, ...allow, 'content-length': Buffer.byteLength(body) })
  response.end(request.method === 'HEAD' ? undefined : body)
}
