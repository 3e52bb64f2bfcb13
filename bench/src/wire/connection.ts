import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'

type Messages = Iterable<Buffer>

const asIs = (bytes: Buffer) => bytes

/**
 * One HTTP/2 connection on which requests and answers are bytes: what is measured is the server, so the load generator
 * sends messages that were made before and looks only at as much of an answer as it takes to know that it is one.
 */
export class Connection {
  readonly #client: Client
  readonly #metadata = new Metadata()

  /**
   * `grpc://host:port`, `host:port` or `unix:/path`. `windowBytes`: the windows that we receive through; with the 64 KiB of
   * HTTP/2's defaults, they would be what is measured. `token`: what each call shows, if anything.
   */
  constructor(address: string, windowBytes = 4 * 1024 * 1024, token?: string) {
    if (token !== undefined) this.#metadata.set('authorization', `Bearer ${token}`)
    this.#client = new Client(address.replace(/^grpc:\/\//, ''), credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
      'grpc-node.flow_control_window': windowBytes,
      // Otherwise all clients of a process share one connection.
      'grpc.use_local_subchannel_pool': 1,
    })
  }

  unary(path: string, request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, asIs, asIs, request, this.#metadata, (error, answer) =>
        settle(error, answer, resolve, reject),
      )
    })
  }

  /** Calls `onMessage` for each message; resolves when the stream has ended well. */
  serverStream(path: string, request: Buffer, onMessage: (message: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeServerStreamRequest(path, asIs, asIs, request, this.#metadata)
      call.on('data', onMessage)
      call.once('end', resolve)
      call.once('error', reject)
    })
  }

  /** Sends the messages as fast as they are taken. */
  clientStream(path: string, messages: Messages): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeClientStreamRequest(
        path,
        asIs,
        asIs,
        this.#metadata,
        (error: ServiceError | null, answer?: Buffer) => settle(error, answer, resolve, reject),
      )
      send(call as ClientDuplexStream<Buffer, Buffer>, messages[Symbol.iterator]())
    })
  }

  close(): void {
    this.#client.close()
  }
}

function settle(
  error: ServiceError | null,
  answer: Buffer | undefined,
  resolve: (answer: Buffer) => void,
  reject: (error: Error) => void,
): void {
  if (error !== null) reject(error)
  else resolve(answer ?? Buffer.alloc(0))
}

function send(
  call: Pick<ClientDuplexStream<Buffer, Buffer>, 'write' | 'once' | 'end'>,
  messages: Iterator<Buffer>,
): void {
  for (;;) {
    const next = messages.next()
    if (next.done) {
      call.end()
      return
    }
    if (!call.write(next.value)) {
      call.once('drain', () => send(call, messages))
      return
    }
  }
}
