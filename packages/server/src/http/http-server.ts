import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createListener } from 'node:net'
import { TLSSocket } from 'node:tls'
import { GoregoError, type Logger } from '@gorego/core'
import type { Access } from '../auth/access.js'
import { ANONYMOUS } from '../auth/permission.js'
import type { ClientCalls } from '../clients/client-calls.js'
import { clientOf } from '../clients/client-of.js'
import { type CallBytes, type InFlight, UNCOUNTED_CALL } from '../clients/in-flight.js'
import type { Tls } from '../tls/tls.js'
import { CallActivity } from '../wire/call-activity.js'
import { certificateName } from '../wire/call-gate.js'
import { listenAt } from '../wire/listening.js'
import { errorAnswer } from './error-answer.js'
import { createHostCheck, type HostCheck, unknownHost } from './known-host.js'
import { type Answer, type Endpoint, plain, type Route, type Visit } from './route.js'
import { sendAnswer } from './send-answer.js'
import { BegunVisit, type VisitLog } from './visit-log.js'

export interface HttpServerOptions {
  /** Permissions of a Unix socket. */
  readonly socketMode: number
  /** `host:port`, port 0 for a free one, or `unix:/path`. */
  readonly listenAddr: string
  /** The first whose path fits answers. */
  readonly routes: readonly Route[]
  readonly logger: Logger
  /** Absent where everybody may do everything. */
  readonly access: Access | undefined
  /** Absent where clients have no limits. */
  readonly clients: ClientCalls | undefined
  /** Absent where clients may have any number of bytes under way. */
  readonly inFlight: InFlight | undefined
  /** Absent where connections are not encrypted. */
  readonly tls: Tls | undefined
  /** What the server is called beside `localhost` and the like, in lower case; see `createHostCheck`. */
  readonly hosts: readonly string[]
  /** A connection on which nothing moves for so long is given up, but where a request waits for its turn. Default 60 s. */
  readonly idleTimeoutMs?: number
  /** Absent where nobody wants to know. */
  readonly onVisit: VisitLog | undefined
}

export interface HttpServer {
  /** As `listenAddr`, with the real port. */
  readonly address: string
  /** How long nobody has used it, in milliseconds; 0 while somebody does. */
  idleMs(): number
  /** Takes no more requests and cuts off those under way. */
  close(): Promise<void>
}

/** The head of a request must have come by then, in milliseconds. */
const HEAD_TIMEOUT_MS = 30_000

/** For connections on which nothing moves; a whole request may take as long as its blob does. */
const IDLE_TIMEOUT_MS = 60_000

/** The port for people, probes, Prometheus and HTTP caches, beside gRPC's. */
export async function serveHttp({
  listenAddr,
  socketMode,
  routes,
  logger,
  access,
  clients,
  inFlight,
  tls,
  hosts,
  idleTimeoutMs = IDLE_TIMEOUT_MS,
  onVisit,
}: HttpServerOptions): Promise<HttpServer> {
  const activity = new CallActivity()
  const checkHost = createHostCheck(listenAddr, hosts)
  const server = createServer(
    { requestTimeout: 0, headersTimeout: HEAD_TIMEOUT_MS, connectionsCheckingInterval: HEAD_TIMEOUT_MS },
    (request, response) =>
      void respond(
        { routes, activity, logger, access, clients, inFlight, checkHost, idleTimeoutMs, onVisit },
        request,
        response,
      ),
  )
  server.setTimeout(idleTimeoutMs)
  const gateway = tls?.gateway('http/1.1', (connection) => server.emit('connection', connection))
  const listener = gateway === undefined ? server : createListener((connection) => gateway.accept(connection))
  return {
    address: await listenAt(listener, listenAddr, { socketMode, setting: 'http.listen_addr' }),
    idleMs: () => activity.idleMs,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve())
        server.closeAllConnections()
        gateway?.[Symbol.dispose]()
      }),
  }
}

interface Served extends Pick<HttpServerOptions, 'routes' | 'logger' | 'access' | 'clients' | 'inFlight' | 'onVisit'> {
  readonly checkHost: HostCheck
  readonly idleTimeoutMs: number
  readonly activity: CallActivity
}

async function respond(
  { activity, logger, clients, inFlight, idleTimeoutMs, onVisit, ...served }: Served,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  let bytes = UNCOUNTED_CALL
  const onUse = (path: string, name: string): CallBytes => {
    const { socket } = request
    const client = clientOf(name, socket, () => socket.remoteAddress)
    clients?.begin(client, response)
    activity.begun(path)
    response.once('close', () => activity.ended(path))
    // Who waits for its turn has an answer when that takes too long: that nothing moves meanwhile is no reason to give it up.
    const onWaiting = (waiting: boolean) => void socket.setTimeout(waiting ? 0 : idleTimeoutMs)
    if (inFlight !== undefined) bytes = inFlight.begin(client, { cutOff: () => response.destroy(), onWaiting })
    return bytes
  }
  const begun = new BegunVisit(request)
  if (onVisit !== undefined) {
    response.once('close', () => {
      const visit = begun.end(response)
      if (visit !== undefined) onVisit(visit)
    })
  }
  const gone = new AbortController()
  response.once('close', () => {
    gone.abort()
    bytes.cancel()
  })
  const send = async (answer: Answer) => {
    // What is left of a body that nobody wants would be read to its end otherwise, however long it is.
    if (!request.complete) response.shouldKeepAlive = false
    await sendAnswer(response, answer, { headOnly: request.method === 'HEAD', down: bytes.down })
  }
  try {
    await send(await answerOf(served, begun, request, gone.signal, onUse))
  } catch (error) {
    begun.thrown = error
    if (gone.signal.aborted) return
    if (GoregoError.from(error).code === 'internal') {
      logger.error('an HTTP request failed', { url: request.url?.slice(0, 200), error })
    }
    if (response.headersSent) response.destroy()
    else await send(errorAnswer(error)).catch(() => {})
  } finally {
    bytes.end()
  }
}

async function answerOf(
  { routes, access, checkHost }: Pick<Served, 'routes' | 'access' | 'checkHost'>,
  begun: BegunVisit,
  request: IncomingMessage,
  signal: AbortSignal,
  onUse: (path: string, name: string) => CallBytes,
): Promise<Answer> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
  for (const route of routes) {
    const parts = partsOf(route, path)
    if (parts === undefined) continue
    begun.template = route.template
    const endpoint = endpointOf(route, request.method)
    if (endpoint === undefined) return notAllowed(route)
    if (!route.isProbe && !checkHost(request.headers.host)) return unknownHost(request)
    const name = await nameOf(endpoint, request, access, route.instanceOf?.(parts))
    if (access !== undefined) begun.caller = name
    // Gone while its password was looked at: nobody would tell the end of its use.
    signal.throwIfAborted()
    const bytes = route.isUse ? onUse(path, name) : UNCOUNTED_CALL
    return await endpoint.answer({ request, parts, signal, bytes })
  }
  const known = routes.flatMap((route) => (typeof route.path === 'string' ? route.path : []))
  return plain(404, `nothing is served here; there is ${known.join(', ')}`)
}

/** Who asks, if that is allowed to do it: in the instance that the path names, or in all of them. */
async function nameOf(
  { needs }: Endpoint,
  request: IncomingMessage,
  access: Access | undefined,
  instance: string | undefined,
): Promise<string> {
  if (needs === 'nothing' || access === undefined) return ANONYMOUS
  const { headers, socket } = request
  const certificate = socket instanceof TLSSocket ? certificateName(socket) : undefined
  return await access.require(needs, { authorization: headers.authorization, certificate }, instance)
}

function partsOf({ path: wanted }: Route, path: string): Visit['parts'] | undefined {
  if (typeof wanted === 'string') return path === wanted ? [] : undefined
  return wanted.exec(path)?.slice(1)
}

function endpointOf(route: Route, method: string | undefined): Endpoint | undefined {
  if (method === 'GET' || method === 'HEAD') return route.GET
  return method === 'PUT' ? route.PUT : undefined
}

function notAllowed({ GET, PUT }: Route): Answer {
  const methods = [...(GET ? ['GET', 'HEAD'] : []), ...(PUT ? ['PUT'] : [])]
  const allow = methods.join(', ')
  return { ...plain(405, `only ${allow} are answered here`), headers: { allow } }
}
