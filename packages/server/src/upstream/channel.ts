import { GoregoError } from '@gorego/core'
import {
  type ChannelOptions,
  Client,
  connectivityState,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { type Outgoing, type Parser, toBuffer } from '../wire/method.js'
import { fromCallStatus } from '../wire/status.js'

/** How long the first contact may take before the server counts as not there. */
const CONNECT_TIMEOUT_MS = 10_000

const OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc-node.flow_control_window': 8 * 1024 * 1024,
}

/** A connection to another server's gRPC port, speaking messages and throwing GoregoErrors. */
export class Channel implements Disposable {
  readonly #client: Client

  private constructor(client: Client) {
    this.#client = client
  }

  /** `grpc://host:port`, `grpcs://host:port`, `host:port` or `unix:/path`. Throws `unavailable` if nobody answers there. */
  static async connect(target: string): Promise<Channel> {
    const { address, secure } = parseTarget(target)
    const client = new Client(address, secure ? credentials.createSsl() : credentials.createInsecure(), OPTIONS)
    if (!(await isReady(client))) {
      client.close()
      throw new GoregoError('unavailable', `no gRPC server answers at ${target}; is it running?`)
    }
    return new Channel(client)
  }

  async unary<Response>(
    path: string,
    request: Outgoing,
    parse: Parser<Response>,
    signal?: AbortSignal,
  ): Promise<Response> {
    return await settle(signal, (respond) =>
      this.#client.makeUnaryRequest(path, toBuffer, parse, request, new Metadata(), {}, respond),
    )
  }

  async *serverStream<Response>(
    path: string,
    request: Outgoing,
    parse: Parser<Response>,
    signal?: AbortSignal,
  ): AsyncGenerator<Response> {
    const call = this.#client.makeServerStreamRequest(path, toBuffer, parse, request, new Metadata(), {})
    const cancel = () => call.cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      for await (const response of call) yield response
    } catch (error) {
      throw explain(error)
    } finally {
      signal?.removeEventListener('abort', cancel)
      call.cancel()
    }
  }

  /** Sends requests until there are no more, or the server has answered: it may know enough early. */
  async clientStream<Response>(
    path: string,
    requests: AsyncIterable<Outgoing>,
    parse: Parser<Response>,
    signal?: AbortSignal,
  ): Promise<Response> {
    return await settle(signal, (respond) => {
      let answered = false
      const call = this.#client.makeClientStreamRequest(
        path,
        toBuffer,
        parse,
        new Metadata(),
        {},
        (error, response) => {
          answered = true
          respond(error, response)
        },
      )
      const send = async () => {
        for await (const request of requests) {
          if (answered) return
          await new Promise<void>((resolve) => call.write(request, () => resolve()))
        }
        call.end()
      }
      send().catch((error) => {
        call.cancel()
        respond(error)
      })
      return call
    })
  }

  [Symbol.dispose](): void {
    this.#client.close()
  }
}

/** Whether the server answers. A refused connection is an answer, too: no need to wait for the bound. */
async function isReady(client: Client): Promise<boolean> {
  const channel = client.getChannel()
  const deadline = Date.now() + CONNECT_TIMEOUT_MS
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

type Respond<Response> = (error: Error | null, response?: Response) => void

function settle<Response>(
  signal: AbortSignal | undefined,
  start: (respond: Respond<Response>) => { cancel(): void },
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const respond: Respond<Response> = (error, response) => {
      signal?.removeEventListener('abort', cancel)
      if (error === null && response !== undefined) resolve(response)
      else reject(explain(error))
    }
    const call = start(respond)
    const cancel = () => call.cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    if (signal?.aborted) cancel()
  })
}

function explain(error: unknown): Error {
  return isServiceError(error) ? fromCallStatus(error) : GoregoError.from(error)
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && 'details' in error && (error.code as number) in status
}

function parseTarget(target: string): { address: string; secure: boolean } {
  const match = /^(?:(grpcs?):\/\/)?((?:[^/:]+|\[[0-9a-fA-F:.]+\]):\d+|unix:.+)\/?$/.exec(target)
  if (match === null || match[2] === undefined) {
    throw new GoregoError(
      'invalid-argument',
      `${JSON.stringify(target)} is no address of a server: want grpc://host:port, grpcs://host:port or unix:/path`,
    )
  }
  return { address: match[2], secure: match[1] === 'grpcs' }
}
