import { createServer as createListener } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Logger } from '@gorego/core'
import {
  logVerbosity,
  Server,
  ServerCredentials,
  setLogVerbosity,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { Access } from '../auth/access.js'
import type { ClientCalls } from '../clients/client-calls.js'
import type { InFlight } from '../clients/in-flight.js'
import { MAX_RECEIVED_MESSAGE_BYTES } from '../services/limits.js'
import type { Service } from '../services/service.js'
import type { Tls } from '../tls/tls.js'
import { CallActivity } from './call-activity.js'
import { CallGate } from './call-gate.js'
import { type CallLog, createCallLog } from './call-log.js'
import { countBytes } from './count-bytes.js'
import type { StreamHandler } from './direct-method.js'
import { type DirectHandler, type DirectHandlers, withOwnHttp2 } from './http2-servers.js'
import { type ListenOptions, listenAt } from './listening.js'
import { type Method, methodDefinition } from './method.js'
import { untilQuiet } from './until-quiet.js'

export interface GrpcServerOptions {
  readonly services: readonly Service[]
  readonly logger: Logger
  /** Whether each call is logged, at `debug`. Default false. */
  readonly logCalls?: boolean
  /** Is told of every call as well. */
  readonly onCall?: CallLog | undefined
  /** How often a connection is asked whether its client is still there, in milliseconds. Default 60 s. */
  readonly keepaliveMs?: number
  /** Absent where everybody may call everything. */
  readonly access?: Access | undefined
  /** Absent where clients have no limits. */
  readonly clients?: ClientCalls | undefined
  /** Absent where clients may have any number of bytes under way. */
  readonly inFlight?: InFlight | undefined
  /** Absent where connections are not encrypted. */
  readonly tls?: Tls | undefined
}

/** A gRPC server that serves the connections that it is given. */
export interface GrpcServer {
  accept(connection: Duplex): void
  /** How long nobody has used it, in milliseconds; 0 while somebody does. Probes of its health are no use. */
  idleMs(): number
  /** Resolves when no call has come in for a moment, or the bound is over. */
  quiet(boundMs: number): Promise<void>
  /** Waits for calls to end, up to a bound, then cuts off what is left. */
  stop(boundMs: number): Promise<void>
}

/** A gRPC server that listens. */
export interface ListeningServer extends Pick<GrpcServer, 'idleMs' | 'quiet' | 'stop'> {
  /** As `listenAddr`, with the real port. */
  readonly address: string
}

/** A client that does not answer a ping in this time is gone. */
const LONGEST_ANSWER_MS = 20_000

/** `listenAddr`: `host:port` or `unix:/path`; port 0 takes a free one. */
export async function listen(
  options: GrpcServerOptions & ListenOptions & { readonly listenAddr: string },
): Promise<ListeningServer> {
  const { accept, idleMs, quiet, stop } = await serve(options)
  const listener = createListener(accept)
  try {
    return {
      address: await listenAt(listener, options.listenAddr, options),
      idleMs,
      quiet,
      stop(boundMs) {
        listener.close()
        return stop(boundMs)
      },
    }
  } catch (error) {
    await stop(0)
    throw error
  }
}

/** For connections that somebody else accepts. */
export async function serve(options: GrpcServerOptions): Promise<GrpcServer> {
  const { server, direct, gate, ...rest } = createServer(options)
  const create = async () => server.createConnectionInjector(ServerCredentials.createInsecure())
  const injector = await withOwnHttp2(direct, create, gate)
  const inject = (connection: Duplex) => injector.injectConnection(connection)
  const gateway = options.tls?.gateway('h2', inject)
  if (gateway === undefined) return { accept: inject, ...rest }
  return {
    ...rest,
    accept: (connection) => gateway.accept(connection),
    async stop(boundMs) {
      await rest.stop(boundMs)
      gateway[Symbol.dispose]()
    },
  }
}

interface CreatedServer extends Pick<GrpcServer, 'idleMs' | 'quiet' | 'stop'> {
  readonly server: Server
  readonly direct: DirectHandlers
  readonly gate: CallGate | undefined
}

function createServer(options: GrpcServerOptions): CreatedServer {
  const { services, logger, logCalls = false, onCall, keepaliveMs = 60_000, access, clients, inFlight } = options
  const callLog = createCallLog({ logger, everyCall: logCalls })
  const activity = new CallActivity()
  const tell: CallLog = (call) => {
    callLog(call)
    onCall?.(call)
  }
  const log: CallLog = (call) => {
    activity.ended(call.path)
    tell(call)
  }
  // What goes wrong is thrown or logged by us; grpc-js would print it a second time, to standard error.
  setLogVerbosity(logVerbosity.NONE)
  const server = new Server({
    'grpc.max_receive_message_length': MAX_RECEIVED_MESSAGE_BYTES,
    'grpc.max_send_message_length': -1,
    // A client that vanished without a word must not be taken for one that waits (EX-19), nor keep its upload open. It is also
    // what ends a connection that broke HTTP/2's rules: Node 20 says good-bye, stops reading, and never hears that it was closed.
    'grpc.keepalive_time_ms': keepaliveMs,
    'grpc.keepalive_timeout_ms': Math.min(keepaliveMs, LONGEST_ANSWER_MS),
  })
  const noted =
    (path: string, handle: (...call: never[]) => unknown): UntypedHandleCall & StreamHandler =>
    (...call: unknown[]) => {
      activity.begun(path)
      handle(...(call as never[]))
    }
  const count = inFlight && countBytes(inFlight, access !== undefined)
  const direct = new Map<string, DirectHandler>()
  for (const service of services) {
    const named: (readonly [string, Method])[] = []
    for (const method of service) {
      if ('direct' in method)
        direct.set(method.path, { ...method, handle: noted(method.path, method.direct({ log, count })) })
      else named.push([method.path.slice(method.path.lastIndexOf('/') + 1), method])
    }
    const implementation: UntypedServiceImplementation = {}
    for (const [name, method] of named) implementation[name] = noted(method.path, method.handle(log))
    server.addService(
      Object.fromEntries(named.map(([name, method]) => [name, methodDefinition(method)])),
      implementation,
    )
  }
  return {
    server,
    direct,
    idleMs: () => activity.idleMs,
    // What is refused there has not begun here.
    gate: access === undefined && clients === undefined ? undefined : new CallGate({ access, clients, log: tell }),
    quiet: (boundMs) => untilQuiet({ lastBegunAt: () => activity.lastBegunAt, boundMs }),
    stop: (boundMs) => shutDown(server, boundMs),
  }
}

function shutDown(server: Server, boundMs: number): Promise<void> {
  return new Promise((resolve) => {
    const bound = setTimeout(() => server.forceShutdown(), boundMs)
    server.tryShutdown(() => {
      clearTimeout(bound)
      resolve()
    })
  })
}
