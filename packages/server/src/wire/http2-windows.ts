import type { Http2Server, Http2Session, ServerOptions } from 'node:http2'
import { createRequire } from 'node:module'

/**
 * grpc-js's server receives through HTTP/2's default windows of 64 KiB and has no option for them: uploads take three to
 * four times as long as they need even on loopback, and 3 MB/s is the end over a 20 ms round trip. The cure is to hand
 * node:http2 other settings while grpc-js creates its servers, and to widen each connection's own window as it opens.
 */
const STREAM_WINDOW = 4 * 1024 * 1024
const SESSION_WINDOW = 16 * 1024 * 1024

/** The module object that grpc-js, which is CommonJS, calls through; an ES import of it could not be changed. */
const http2: typeof import('node:http2') = createRequire(import.meta.url)('node:http2')

let binding = 0
let restore = () => {}

/** Runs `bind`, during which grpc-js creates its HTTP/2 servers, so that they receive through wide windows. */
export async function withWideWindows<T>(bind: () => Promise<T>): Promise<T> {
  if (binding++ === 0) restore = widenNewServers()
  try {
    return await bind()
  } finally {
    if (--binding === 0) restore()
  }
}

function widenNewServers(): () => void {
  const { createServer, createSecureServer } = http2
  const widened = <T extends ServerOptions>(options: T): T => ({
    ...options,
    settings: { ...options.settings, initialWindowSize: STREAM_WINDOW },
  })
  http2.createServer = ((options: ServerOptions, ...rest: []) =>
    widenSessions(createServer(widened(options), ...rest))) as typeof createServer
  http2.createSecureServer = ((options: ServerOptions, ...rest: []) =>
    widenSessions(createSecureServer(widened(options), ...rest))) as typeof createSecureServer
  return () => {
    http2.createServer = createServer
    http2.createSecureServer = createSecureServer
  }
}

function widenSessions<T extends Pick<Http2Server, 'on'>>(server: T): T {
  server.on('session', (session: Http2Session) => {
    // A connection that is gone before we get to it has no window to widen.
    if (!session.destroyed) session.setLocalWindowSize(SESSION_WINDOW)
  })
  return server
}
