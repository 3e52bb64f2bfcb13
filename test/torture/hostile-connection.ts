import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2'

/** How a call ended. */
export interface Ending {
  /** Of gRPC; undefined where the stream or the connection ended without any. */
  readonly code: number | undefined
  readonly message: string
  /** Of HTTP; undefined where no headers came. */
  readonly httpStatus: number | undefined
}

const HEADERS: OutgoingHttpHeaders = { ':method': 'POST', te: 'trailers', 'content-type': 'application/grpc' }

/** One HTTP/2 connection that speaks gRPC as well or as badly as it is told to: every frame is up to the caller. */
export class Connection implements Disposable {
  readonly session: ClientHttp2Session

  private constructor(session: ClientHttp2Session) {
    this.session = session
    // What becomes of a connection is seen by its calls.
    session.on('error', () => {})
  }

  static async open(port: number): Promise<Connection> {
    const session = connect(`http://127.0.0.1:${port}`)
    await once(session, 'connect')
    return new Connection(session)
  }

  /** Opens a stream; nothing is sent yet but headers. */
  call(path: string, headers: OutgoingHttpHeaders = {}): Call {
    return new Call(path, this.session.request({ ...HEADERS, ':path': path, ...headers }, { endStream: false }))
  }

  /** A call of one message, read to its end. */
  async ask(path: string, message: Uint8Array): Promise<{ ending: Ending; messages: Buffer[] }> {
    const call = this.call(path)
    call.send(message)
    call.end()
    const messages = await call.readAll()
    return { ending: await call.ended, messages }
  }

  /** Resolves when the other side has got everything that was sent so far, or is gone. */
  heard(): Promise<void> {
    return new Promise((resolve) => {
      if (this.session.destroyed || !this.session.ping(() => resolve())) resolve()
    })
  }

  /** The socket goes away, as when a machine dies that still says so. */
  [Symbol.dispose](): void {
    this.session.destroy()
  }
}

export class Call {
  readonly path: string
  readonly stream: ClientHttp2Stream
  /** Never rejects. */
  readonly ended: Promise<Ending>

  constructor(path: string, stream: ClientHttp2Stream) {
    this.path = path
    this.stream = stream
    stream.on('error', () => {})
    let httpStatus: number | undefined
    let code: number | undefined
    let message = ''
    const note = (headers: Record<string, unknown>) => {
      if (headers[':status'] !== undefined) httpStatus = Number(headers[':status'])
      if (headers['grpc-status'] === undefined) return
      code = Number(headers['grpc-status'])
      message = decodeURIComponent(String(headers['grpc-message'] ?? ''))
    }
    stream.on('response', note)
    stream.on('trailers', note)
    this.ended = new Promise((resolve) => {
      stream.once('close', () => resolve({ code, message, httpStatus }))
    })
  }

  /** A message in gRPC's framing. */
  send(message: Uint8Array): void {
    this.sendRaw(frame(message))
  }

  sendRaw(bytes: Uint8Array): void {
    if (this.stream.writable) this.stream.write(bytes)
  }

  /** Half-closes: we have nothing more to say. */
  end(): void {
    if (this.stream.writable) this.stream.end()
  }

  cancel(code: number = constants.NGHTTP2_CANCEL): void {
    this.stream.close(code)
  }

  /** Waits until something comes back, or the call is over. */
  async answered(): Promise<void> {
    await Promise.race([once(this.stream, 'data').catch(() => {}), this.ended])
  }

  /** Messages as they come. */
  async *messages(): AsyncGenerator<Buffer> {
    let rest = Buffer.alloc(0)
    // Whoever leaves the loop has not left the call.
    for await (const chunk of this.stream.iterator({ destroyOnReturn: false })) {
      rest = Buffer.concat([rest, chunk as Buffer])
      const messages = unframe(rest)
      rest = rest.subarray(messages.reduce((sum, message) => sum + PREFIX + message.length, 0))
      yield* messages
    }
  }

  /** All messages up to the end of the call. */
  async readAll(): Promise<Buffer[]> {
    const chunks: Buffer[] = []
    this.stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    await this.ended
    return unframe(Buffer.concat(chunks))
  }
}

const PREFIX = 5

export function frame(message: Uint8Array, length = message.length): Buffer {
  const prefix = Buffer.alloc(PREFIX)
  prefix.writeUInt32BE(length, 1)
  return Buffer.concat([prefix, message])
}

function unframe(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at + PREFIX <= bytes.length; ) {
    const end = at + PREFIX + bytes.readUInt32BE(at + 1)
    if (end > bytes.length) break
    messages.push(bytes.subarray(at + PREFIX, end))
    at = end
  }
  return messages
}
