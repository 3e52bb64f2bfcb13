import { GoregoError, type reapi } from '@gorego/core'
import {
  type ChannelOptions,
  Client,
  type ClientUnaryCall,
  connectivityState,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { type Outgoing, type Parser, toBuffer } from '../wire/method.js'
import { REQUEST_METADATA_HEADER } from '../wire/request-metadata.js'
import { fromCallStatus } from '../wire/status.js'
import type { Caller } from './caller.js'
import { type ChannelIdentity, credentialsFor, type Target } from './channel-identity.js'
import { connectErrorOf } from './connect-error.js'

/** How long the first contact may take before the server counts as not there, and then to hear why. */
const CONNECT_TIMEOUT_MS = 10_000
const REASON_TIMEOUT_MS = 1_000

/** Never gets there. */
const ANY_METHOD = '/grpc.health.v1.Health/Check'

const OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // Of a stream and of the connection: enough for 800 MB/s over a round trip of 20 ms.
  'grpc-node.flow_control_window': 32 * 1024 * 1024,
}

/** After a server was away it is looked for again so often, in milliseconds. */
const RECONNECTING = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 5_000 }

/** A connection to another server's gRPC port, speaking messages and throwing GoregoErrors. */
export class Channel implements Caller, Disposable {
  readonly #client: Client
  readonly #target: string
  readonly #identity: ChannelIdentity
  /** What each call says of itself. */
  readonly #said: Buffer | undefined

  private constructor(client: Client, target: string, identity: ChannelIdentity, said?: Buffer) {
    this.#client = client
    this.#target = target
    this.#identity = identity
    this.#said = said
  }

  /**
   * `grpc://host:port`, `grpcs://host:port`, `host:port` or `unix:/path`. Throws a ConnectError if nobody answers there
   * within ten seconds, and `signal.reason` once that is aborted.
   */
  static async connect(target: string, identity: ChannelIdentity = {}, signal?: AbortSignal): Promise<Channel> {
    signal?.throwIfAborted()
    const channel = new Channel(clientOf(target, identity), target, identity)
    // Ends the waiting, too.
    const giveUp = () => channel[Symbol.dispose]()
    signal?.addEventListener('abort', giveUp, { once: true })
    try {
      await channel.reach(CONNECT_TIMEOUT_MS)
    } catch (error) {
      channel[Symbol.dispose]()
      throw signal?.aborted ? signal.reason : error
    } finally {
      signal?.removeEventListener('abort', giveUp)
    }
    return channel
  }

  /** As `connect`, without waiting for the server: calls are `unavailable` while it is not there. */
  static open(target: string, identity: ChannelIdentity = {}): Channel {
    return new Channel(clientOf(target, identity, RECONNECTING), target, identity)
  }

  /** Calls over this connection that say for whom and what they are (RM-01). */
  saying(metadata: reapi.RequestMetadata): Caller {
    return new Channel(this.#client, this.#target, this.#identity, Buffer.from(metadata.serializeBinary()))
  }

  /** Waits for the server to answer. Throws a ConnectError if it does not in so many milliseconds, or nothing is there at all. */
  async reach(boundMs: number): Promise<void> {
    if (!(await isReady(this.#client, boundMs))) await throwWhyNot(this.#client, this.#target)
  }

  /** Like all calls here, throws `signal.reason` once that is aborted. */
  async unary<Response>(
    path: string,
    request: Outgoing,
    parse: Parser<Response>,
    signal?: AbortSignal,
  ): Promise<Response> {
    signal?.throwIfAborted()
    let call: ClientUnaryCall | undefined
    const cancel = () => call?.cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      return await new Promise((resolve, reject) => {
        call = this.#client.makeUnaryRequest(path, toBuffer, parse, request, this.#metadata, {}, (error, response) => {
          if (error === null && response !== undefined) resolve(response)
          else reject(error)
        })
      })
    } catch (error) {
      throw explain(error, signal)
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }

  async *serverStream<Response>(
    path: string,
    request: Outgoing,
    parse: Parser<Response>,
    signal?: AbortSignal,
  ): AsyncGenerator<Response> {
    signal?.throwIfAborted()
    const call = this.#client.makeServerStreamRequest(path, toBuffer, parse, request, this.#metadata, {})
    // Told to whoever reads; after a cancellation nobody does, and an error that nobody listens to would be thrown.
    call.on('error', () => {})
    const cancel = () => call.cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      for await (const response of call) yield response
    } catch (error) {
      throw explain(error, signal)
    } finally {
      signal?.removeEventListener('abort', cancel)
      call.cancel()
    }
  }

  /**
   * Sends requests until there are no more, or the server has answered: it may know enough early (BW-08). The requests are
   * read to their end all the same, because whatever makes them may find a fault in them; after a failure they are not.
   */
  async clientStream<Response>(
    path: string,
    requests: AsyncIterable<Outgoing>,
    parse: Parser<Response>,
    signal?: AbortSignal,
  ): Promise<Response> {
    signal?.throwIfAborted()
    let answer: { readonly error: unknown; readonly response: Response | undefined } | undefined
    let wake = () => {}
    const call = this.#client.makeClientStreamRequest<Outgoing, Response>(
      path,
      toBuffer,
      parse,
      this.#metadata,
      {},
      (error, response) => {
        answer = { error, response }
        wake()
      },
    )
    const cancel = () => call.cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      for await (const request of requests) {
        if (answer?.error) break
        // grpc-js does not call back for what it did not send because the call ended: the answer wakes us, too.
        if (answer === undefined) await until((resolve) => call.write(request, resolve))
      }
      call.end()
      if (answer === undefined) await until(() => {})
    } catch (error) {
      call.cancel()
      throw error
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
    if (answer?.response === undefined) throw explain(answer?.error, signal)
    return answer.response

    function until(start: (resolve: () => void) => void): Promise<void> {
      return new Promise((resolve) => {
        wake = resolve
        start(resolve)
      })
    }
  }

  [Symbol.dispose](): void {
    this.#client.close()
  }

  get #metadata(): Metadata {
    const { token, headers = {} } = this.#identity
    const metadata = new Metadata()
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value)
    if (this.#said !== undefined) metadata.set(REQUEST_METADATA_HEADER, this.#said)
    if (token !== undefined) metadata.set('authorization', `Bearer ${token()}`)
    return metadata
  }
}

function clientOf(text: string, identity: ChannelIdentity, more: ChannelOptions = {}): Client {
  const target = parseTarget(text)
  return new Client(target.address, credentialsFor(target, identity), { ...OPTIONS, ...more })
}

/** Whether the server answers. A refused connection is an answer, too: no need to wait for the bound. */
async function isReady(client: Client, boundMs: number): Promise<boolean> {
  const channel = client.getChannel()
  const deadline = Date.now() + boundMs
  for (;;) {
    const state = channel.getConnectivityState(true)
    if (state === connectivityState.READY) return true
    if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) return false
    const changed = await new Promise<boolean>((resolve) =>
      channel.watchConnectivityState(state, deadline, (error) => resolve(error === undefined)),
    )
    if (!changed) return false
  }
}

/**
 * Connectivity is a state without a reason; a call that is ended because of it is told the reason. Returns if there is a connection
 * after all.
 */
async function throwWhyNot(client: Client, target: string): Promise<void> {
  const channel = client.getChannel()
  if (channel.getConnectivityState(false) !== connectivityState.TRANSIENT_FAILURE)
    throw connectErrorOf(target, undefined)
  const deadline = Date.now() + REASON_TIMEOUT_MS
  const error = await new Promise<ServiceError | null>((resolve) =>
    client.makeUnaryRequest(
      ANY_METHOD,
      toBuffer,
      () => undefined,
      new Uint8Array(0),
      new Metadata(),
      { deadline },
      resolve,
    ),
  )
  if (error?.code === status.DEADLINE_EXCEEDED) throw connectErrorOf(target, undefined)
  // In the words of grpc-js: servers have others.
  if (error?.code === status.UNAVAILABLE && /^(No connection established|Name resolution failed)/.test(error.details))
    throw connectErrorOf(target, error.details)
}

function explain(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason
  return isServiceError(error) ? fromCallStatus(error) : GoregoError.from(error)
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error && (error.code as number) in status
}

const MAX_PORT = 65_535

function parseTarget(target: string): Target {
  const match = /^(?:(grpcs?):\/\/)?((?:[^/:]+|\[[0-9a-fA-F:.]+\]):\d+|unix:.+)\/?$/.exec(target)
  const [, port = '0'] = /^(?!unix:).*:(\d+)$/.exec(match?.[2] ?? '') ?? []
  if (match === null || match[2] === undefined || Number(port) > MAX_PORT) {
    throw new GoregoError(
      'invalid-argument',
      `${JSON.stringify(target)} is no address of a server: want grpc://host:port, grpcs://host:port or unix:/path`,
    )
  }
  return { address: match[2], secure: match[1] === 'grpcs' }
}
