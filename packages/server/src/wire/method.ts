import { GoregoError, reapi } from '@gorego/core'
import type {
  MethodDefinition,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  StatusObject,
  sendUnaryData,
  UntypedHandleCall,
} from '@grpc/grpc-js'
import { MAX_REQUEST_FIELDS } from '../services/limits.js'
import { type Call, type CallContext, GrpcCallContext } from './call-context.js'
import type { CallLog } from './call-log.js'
import { toCallStatus } from './status.js'

/** A message to send: as such, or as the bytes that it is on the wire. */
export type Outgoing = Uint8Array | { serializeBinary(): Uint8Array }

/** Bytes in, message out; throws for bytes that are no such message. */
export type Parser<T> = (bytes: Uint8Array) => T

export type UnaryHandler<Request> = (request: Request, context: CallContext) => Promise<Outgoing>
export type ServerStreamHandler<Request> = (request: Request, context: CallContext) => AsyncIterable<Outgoing>
export type BidiStreamHandler<Request> = (
  requests: AsyncIterable<Request>,
  context: CallContext,
) => AsyncIterable<Outgoing>

/** One RPC as a service file declares it, before it is attached to a server. */
export interface Method {
  readonly path: string
  readonly requestStream: boolean
  readonly responseStream: boolean
  readonly handle: (log: CallLog) => UntypedHandleCall
}

/** What a call with several answers is written to. */
interface OutgoingStream {
  write(bytes: Buffer, written: () => void): unknown
  end(): unknown
  emit(event: 'error', status: StatusObject): unknown
}

/**
 * The three adapters below share one idea: grpc-js hands over and takes bytes, and messages are made of them in here. A
 * request that cannot be parsed is so the client's fault, INVALID_ARGUMENT, where grpc-js would say INTERNAL (GEN-06),
 * and a handler that has bytes already can send them as they are. Whatever a handler throws ends its call and no other.
 */
export function unary<Request>(path: string, parse: Parser<Request>, handler: UnaryHandler<Request>): Method {
  const handle = (log: CallLog) => (call: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>) => {
    void answer(path, call, respond, log, (context) => handler(decode(path, parse, call.request), context))
  }
  return { path, requestStream: false, responseStream: false, handle }
}

export function serverStream<Request>(
  path: string,
  parse: Parser<Request>,
  handler: ServerStreamHandler<Request>,
): Method {
  const handle = (log: CallLog) => (call: ServerWritableStream<Buffer, Buffer>) => {
    void stream(path, call, log, (context) => handler(decode(path, parse, call.request), context))
  }
  return { path, requestStream: false, responseStream: true, handle }
}

export function bidiStream<Request>(path: string, parse: Parser<Request>, handler: BidiStreamHandler<Request>): Method {
  const handle = (log: CallLog) => (call: ServerDuplexStream<Buffer, Buffer>) => {
    void stream(path, call, log, (context) => handler(decodeAll(path, parse, call), context))
  }
  return { path, requestStream: true, responseStream: true, handle }
}

/** grpc-js's way of saying which methods a service has. */
export function methodDefinition(method: Method): MethodDefinition<Buffer, Buffer> {
  const same = (bytes: Buffer) => bytes
  return {
    path: method.path,
    requestStream: method.requestStream,
    responseStream: method.responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  }
}

/** The bytes of a message to send; views are not copied. */
export function toBuffer(message: Outgoing): Buffer {
  const bytes = message instanceof Uint8Array ? message : message.serializeBinary()
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

async function answer(
  path: string,
  call: Call,
  respond: sendUnaryData<Buffer>,
  log: CallLog,
  handler: (context: CallContext) => Promise<Outgoing>,
): Promise<void> {
  const startedAt = performance.now()
  const context = new GrpcCallContext(call, path)
  try {
    const response = toBuffer(await handler(context))
    context.end()
    if (!context.cancelled) respond(null, response)
    log({ path, context, startedAt })
  } catch (thrown) {
    context.end()
    if (!context.cancelled) respond(toCallStatus(GoregoError.from(thrown)))
    log({ path, context, startedAt, thrown })
  }
}

async function stream(
  path: string,
  call: Call & OutgoingStream,
  log: CallLog,
  handler: (context: CallContext) => AsyncIterable<Outgoing>,
): Promise<void> {
  const startedAt = performance.now()
  const context = new GrpcCallContext(call, path)
  try {
    await sendAll(call, handler(context), context.signal)
    context.end()
    call.end()
    log({ path, context, startedAt })
  } catch (thrown) {
    context.end()
    if (!context.cancelled) call.emit('error', toCallStatus(GoregoError.from(thrown)))
    log({ path, context, startedAt, thrown })
  }
}

export function decode<Request>(path: string, parse: Parser<Request>, bytes: Uint8Array): Request {
  return reapi.decode({ deserializeBinary: parse }, bytes, `a request to ${path}`, MAX_REQUEST_FIELDS)
}

async function* decodeAll<Request>(
  path: string,
  parse: Parser<Request>,
  call: Pick<ServerReadableStream<Buffer, Buffer>, 'iterator'>,
): AsyncGenerator<Request> {
  // Leaving early must not destroy the stream: the answer still goes out on it (BW-08).
  for await (const bytes of call.iterator({ destroyOnReturn: false })) yield decode(path, parse, bytes)
}

/** BR-11: one message is on its way while the next is made, and no more, however slowly the client reads. */
async function sendAll(call: OutgoingStream, messages: AsyncIterable<Outgoing>, signal: AbortSignal): Promise<void> {
  let sent: Promise<void> = Promise.resolve()
  for await (const message of messages) {
    await sent
    if (signal.aborted) return
    sent = send(call, toBuffer(message), signal)
  }
  await sent
}

function send(call: OutgoingStream, bytes: Buffer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done)
      resolve()
    }
    // A cancelled call takes no more writes and calls nobody back.
    signal.addEventListener('abort', done)
    call.write(bytes, done)
  })
}
