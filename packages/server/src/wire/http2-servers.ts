import type { Http2Server, Http2Session, IncomingHttpHeaders, ServerHttp2Stream, ServerOptions } from 'node:http2'
import { createRequire } from 'node:module'
import type { CallGate } from './call-gate.js'
import type { StreamHandler } from './direct-method.js'
import { NARROW_WINDOW, ReceiveWindow } from './receive-window.js'

/*
 * grpc-js makes its HTTP/2 servers itself, and lets nobody say how. Two things have to be said. Its servers receive through
 * HTTP/2's default windows of 64 KiB: uploads take three to four times as long as they need even on loopback, and 3 MB/s is
 * the end over a 20 ms round trip. And it copies every message, so calls that carry blobs are handled beside it, on the
 * streams of its servers. Therefore node:http2 is wrapped while grpc-js creates them.
 */

export interface DirectHandler {
  readonly handle: StreamHandler
  /** Whether the client may send any amount. */
  readonly upload: boolean
}

/** By path. */
export type DirectHandlers = ReadonlyMap<string, DirectHandler>

/** The module object that grpc-js, which is CommonJS, calls through; an ES import of it could not be changed. */
const http2: typeof import('node:http2') = createRequire(import.meta.url)('node:http2')

let lastBound: Promise<unknown> = Promise.resolve()

/**
 * Runs `bind`, during which grpc-js creates its HTTP/2 servers: they receive through wide windows, and leave the calls that
 * `handlers` are for to these. With a `gate`, no call gets to anybody before it has let it in. One after the other, so that each gets its own.
 */
export function withOwnHttp2<T>(handlers: DirectHandlers, bind: () => Promise<T>, gate?: CallGate): Promise<T> {
  const bound = lastBound.then(async () => {
    const restore = wrapNewServers(handlers, gate)
    try {
      return await bind()
    } finally {
      restore()
    }
  })
  lastBound = bound.catch(() => {})
  return bound
}

function wrapNewServers(handlers: DirectHandlers, gate: CallGate | undefined): () => void {
  const { createServer, createSecureServer } = http2
  const widened = <T extends ServerOptions>(options: T): T => ({
    ...options,
    settings: { ...options.settings, initialWindowSize: NARROW_WINDOW },
  })
  http2.createServer = ((options: ServerOptions, ...rest: []) =>
    wrapped(createServer(widened(options), ...rest), handlers, gate)) as typeof createServer
  http2.createSecureServer = ((options: ServerOptions, ...rest: []) =>
    wrapped(createSecureServer(widened(options), ...rest), handlers, gate)) as typeof createSecureServer
  return () => {
    http2.createServer = createServer
    http2.createSecureServer = createSecureServer
  }
}

function wrapped<T extends Pick<Http2Server, 'on' | 'emit'>>(
  server: T,
  handlers: DirectHandlers,
  gate: CallGate | undefined,
): T {
  const windows = new WeakMap<Http2Session, ReceiveWindow>()
  server.on('session', (session: Http2Session) => {
    windows.set(session, ReceiveWindow.open(session))
  })
  const emit = server.emit.bind(server) as (event: string, ...args: unknown[]) => boolean
  const isOurs = ([stream, headers]: StreamEvent): boolean => {
    const handler = handlers.get(headers[':path'] ?? '')
    // What is no gRPC is left to grpc-js to refuse.
    if (handler === undefined || !headers['content-type']?.startsWith('application/grpc')) return false
    if (handler.upload && stream.session !== undefined) windows.get(stream.session)?.count(stream)
    handler.handle(stream, headers)
    return true
  }
  // grpc-js takes every stream that it hears of, so it must not hear of these.
  const handle = (event: string, args: unknown[]): boolean =>
    (event === 'stream' && isOurs(args as StreamEvent)) || emit(event, ...args)
  server.emit = (event: string, ...args: unknown[]): boolean => {
    if (gate === undefined || event !== 'stream') return handle(event, args)
    const [stream, headers] = args as StreamEvent
    gate.admit(stream, headers, () => handle(event, args))
    return true
  }
  return server
}

type StreamEvent = [stream: ServerHttp2Stream, headers: IncomingHttpHeaders]
