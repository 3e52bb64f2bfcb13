import { reapi } from '@gorego/core'
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js'

/** A message, or bytes that may be none. */
export type Sendable = Uint8Array | { serializeBinary(): Uint8Array }

export interface CallOptions {
  readonly metadata?: Metadata
  /** Milliseconds from now. */
  readonly timeoutMs?: number
}

/** How a call failed, in words that tests can compare. */
export interface CallFailure {
  /** As gRPC spells it: `INVALID_ARGUMENT`. */
  readonly code: string
  readonly message: string
  /** What grpc-status-details-bin holds (GEN-05). */
  readonly status: reapi.RpcStatus | undefined
}

export interface RawClientOptions {
  /** TLS, with the certificates that Node trusts. */
  readonly secure?: boolean
  /** TLS in another way. */
  readonly credentials?: ChannelCredentials
  /** What the calls in calls.ts put into `instance_name` and resource names. */
  readonly instance?: string
}

/** A gRPC client that sends and receives bytes, so that a test can send what no generated client would. */
export class RawClient implements Disposable {
  readonly instance: string
  readonly #client: Client

  constructor(address: string, options: RawClientOptions = {}) {
    const { secure = false, instance = '' } = options
    const given = options.credentials ?? (secure ? credentials.createSsl() : credentials.createInsecure())
    this.instance = instance
    // A pool of its own: channels to one address would share a connection.
    this.#client = new Client(address, given, {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    })
  }

  unary(path: string, message: Sendable, options: CallOptions = {}): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, same, same, toBuffer(message), ...settings(options), (error, response) => {
        if (error === null && response !== undefined) resolve(response)
        else reject(error)
      })
    })
  }

  /** Read it with `for await`, or `cancel()` it. */
  serverStream(path: string, message: Sendable, options: CallOptions = {}): ClientReadableStream<Buffer> {
    return this.#client.makeServerStreamRequest(path, same, same, toBuffer(message), ...settings(options))
  }

  /** Write to it and `end()` it; read it with `for await`, or `cancel()` it. */
  bidiStream(path: string, options: CallOptions = {}): ClientDuplexStream<Buffer, Buffer> {
    return this.#client.makeBidiStreamRequest(path, same, same, ...settings(options))
  }

  clientStream(path: string, options: CallOptions = {}): RawUpload {
    let upload: ClientWritableStream<Buffer> | undefined
    const response = new Promise<Buffer>((resolve, reject) => {
      upload = this.#client.makeClientStreamRequest(path, same, same, ...settings(options), (error, bytes) => {
        if (error === null && bytes !== undefined) resolve(bytes)
        else reject(error)
      })
    })
    return new RawUpload(upload as ClientWritableStream<Buffer>, response)
  }

  [Symbol.dispose](): void {
    this.#client.close()
  }
}

/** The client's half of a client-streaming call. */
export class RawUpload {
  readonly #call: ClientWritableStream<Buffer>
  /** What the server answers, which may be before everything was sent. */
  readonly response: Promise<Buffer>

  constructor(call: ClientWritableStream<Buffer>, response: Promise<Buffer>) {
    this.#call = call
    this.response = response
    // Whoever cancels does not wait for the answer.
    response.catch(() => {})
  }

  /** Resolves once it was handed to the connection, or the call is over. */
  async send(message: Sendable): Promise<void> {
    const written = new Promise<void>((resolve) => {
      this.#call.write(toBuffer(message), () => resolve())
    })
    // grpc-js does not call back for what it did not send because the call ended.
    await Promise.race([written, this.response.catch(() => {})])
  }

  end(): void {
    this.#call.end()
  }

  cancel(): void {
    this.#call.cancel()
  }
}

/** Waits for a call to fail and says how; fails itself if the call does not. */
export async function failure(call: Promise<unknown> | AsyncIterable<unknown>): Promise<CallFailure> {
  try {
    if (Symbol.asyncIterator in call) for await (const _ of call);
    else await call
  } catch (error) {
    const { code, details, metadata } = error as ServiceError
    if (code === undefined) throw error
    const [packed] = metadata.get('grpc-status-details-bin')
    return {
      code: status[code] ?? String(code),
      message: details,
      status: Buffer.isBuffer(packed) ? reapi.RpcStatus.deserializeBinary(packed) : undefined,
    }
  }
  throw new Error('the call succeeded, which it should not')
}

function settings({ metadata = new Metadata(), timeoutMs }: CallOptions): [Metadata, { deadline?: number }] {
  return [metadata, timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs }]
}

function toBuffer(message: Sendable): Buffer {
  return Buffer.from(message instanceof Uint8Array ? message : message.serializeBinary())
}

function same(bytes: Buffer): Buffer {
  return bytes
}
