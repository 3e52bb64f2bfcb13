import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import { GoregoError } from '@gorego/core'
import { Metadata, type StatusObject, status } from '@grpc/grpc-js'
import { type CallBytes, UNCOUNTED_CALL } from '../clients/in-flight.js'
import type { CallContext } from './call-context.js'
import { CALLER_HEADER, CLIENT_HEADER, callerIn } from './caller-header.js'
import { IncomingMessages } from './incoming-messages.js'
import { requestLabels } from './request-metadata.js'
import { RESOURCE_NAME_HEADER, resourceNameHeader } from './resource-name-header.js'
import { toCallStatus } from './status.js'

/** As grpc-js says it, too. */
const RESPONSE_HEADERS: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-encoding': 'identity',
  'grpc-accept-encoding': 'identity,deflate,gzip',
}

const OK: OutgoingHttpHeaders = { 'grpc-status': status.OK, 'grpc-message': 'OK' }

const TIMEOUT = /^(\d{1,8})\s*([HMSmun])$/
const TIMEOUT_UNITS_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }

/** Beyond this a timer of Node's would go off at once; nobody waits for 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Begins to count what a call holds in memory; `cutOff` ends the call. */
export type CountBytes = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  cutOff: (error: GoregoError) => void,
) => CallBytes

const countNothing: CountBytes = () => UNCOUNTED_CALL

/**
 * A call of gRPC straight on its HTTP/2 stream: the protocol as grpc-js speaks it, without the copies of all messages that
 * grpc-js makes. For those calls that carry blobs; all others are grpc-js's.
 */
export class DirectCall implements CallContext {
  readonly messages: IncomingMessages
  /** What it holds in memory. */
  readonly bytes: CallBytes
  readonly #stream: ServerHttp2Stream
  readonly #headers: IncomingHttpHeaders
  #abort: AbortController | undefined
  #aborted = false
  #deadline: NodeJS.Timeout | undefined
  #answering = false
  #over = false
  #metadata: Metadata | undefined
  #labels: Readonly<Record<string, string>> | undefined

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, count = countNothing) {
    this.#stream = stream
    this.#headers = headers
    // Every error is followed by a close.
    stream.on('error', () => {})
    stream.on('close', () => this.#closed())
    this.bytes = count(stream, headers, (error) => this.#cutOff(error))
    this.messages = new IncomingMessages(stream, this.bytes.up, headers['grpc-encoding']?.toString())
    this.#startTimer(headers['grpc-timeout'])
  }

  get path(): string {
    return this.#headers[':path'] ?? ''
  }

  get caller(): string {
    return callerIn(this.#headers[CALLER_HEADER]?.toString())
  }

  get client(): string {
    return callerIn(this.#headers[CLIENT_HEADER]?.toString())
  }

  get cancelled(): boolean {
    return this.#aborted
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#aborted) this.#abort.abort()
    return this.#abort.signal
  }

  get labels(): Readonly<Record<string, string>> {
    this.#labels ??= requestLabels(this.#allHeaders)
    return this.#labels
  }

  get traceparent(): string | undefined {
    return this.#headers.traceparent?.toString()
  }

  get resourceName(): string | undefined {
    return this.#headers[RESOURCE_NAME_HEADER] === undefined ? undefined : resourceNameHeader(this.#allHeaders)
  }

  /**
   * Sends one message, made of parts. Resolves when they are with the system and may be used for something else: true, or false
   * if the client has gone; then nobody knows who still looks at them.
   */
  send(...parts: readonly Uint8Array[]): Promise<boolean> {
    if (this.#isGone) return Promise.resolve(false)
    this.#begin()
    const stream = this.#stream
    const { down } = this.bytes
    down.awaitClient(true)
    return new Promise((resolve) => {
      const gone = () => resolve(false)
      stream.once('close', gone)
      stream.cork()
      stream.write(prefix(parts))
      const last = parts.length - 1
      for (const part of parts.slice(0, last)) stream.write(part)
      stream.write(parts[last] ?? NOTHING, (error) => {
        stream.off('close', gone)
        down.awaitClient(false)
        resolve(!error)
      })
      stream.uncork()
    })
  }

  /** Ends the call well. */
  succeed(): void {
    this.#end(OK)
  }

  /** Sends the only message, or the last one, and ends the call well. */
  succeedWith(...parts: readonly Uint8Array[]): void {
    if (this.#isGone) return
    this.#begin()
    this.#stream.cork()
    this.#stream.write(prefix(parts))
    for (const part of parts) this.#stream.write(part)
    this.bytes.down.awaitClient(true)
    this.#end(OK)
    this.#stream.uncork()
  }

  fail(thrown: unknown): void {
    this.#end(trailersOf(toCallStatus(GoregoError.from(thrown))))
  }

  /** The handler is done, and nothing is counted any more that it took. What was sent is, until it is gone. */
  handled(): void {
    const { bytes } = this
    bytes.up.end()
    if (this.#stream.closed) bytes.end()
    else this.#stream.once('close', () => bytes.end())
  }

  get #isGone(): boolean {
    return this.#over || this.#stream.destroyed || this.#stream.closed
  }

  get #allHeaders(): Metadata {
    this.#metadata ??= Metadata.fromHttp2Headers(this.#headers)
    return this.#metadata
  }

  #begin(): void {
    if (this.#answering) return
    this.#answering = true
    this.#stream.respond(RESPONSE_HEADERS, { waitForTrailers: true })
  }

  #end(trailers: OutgoingHttpHeaders): void {
    clearTimeout(this.#deadline)
    if (this.#isGone) return
    this.#over = true
    if (this.#answering) {
      this.#stream.once('wantTrailers', () => this.#stream.sendTrailers(trailers))
      this.#stream.end()
    } else {
      this.#stream.respond({ ...RESPONSE_HEADERS, ...trailers }, { endStream: true })
    }
    // Whatever the client still sends (BW-08) has to be taken off the stream, or it would never be closed.
    this.messages.stop()
    this.#stream.resume()
  }

  #closed(): void {
    clearTimeout(this.#deadline)
    if (!this.#over) this.#cancel()
  }

  /** GEN-07 */
  #cancel(): void {
    this.#over = true
    this.#aborted = true
    this.#abort?.abort()
    this.bytes.cancel()
  }

  /** Its client holds up other calls of its own. What is being sent is thrown away, as nothing else would end it. */
  #cutOff(error: GoregoError): void {
    if (this.#answering) this.#stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    else this.fail(error)
    this.#cancel()
  }

  #startTimer(timeout: string | string[] | undefined): void {
    if (timeout === undefined) return
    const [, digits, unit = ''] = TIMEOUT.exec(timeout.toString()) ?? []
    const ms = Number(digits) * (TIMEOUT_UNITS_MS[unit] ?? Number.NaN)
    if (Number.isNaN(ms)) this.fail(new GoregoError('internal', 'the header grpc-timeout is not a time'))
    if (!(ms <= LONGEST_TIMER_MS)) return
    this.#deadline = setTimeout(() => {
      this.fail(new GoregoError('deadline-exceeded', 'the call took longer than its client wanted to wait'))
      this.#cancel()
    }, ms)
  }
}

const NOTHING = new Uint8Array(0)

/** Not compressed, and how long the message is. */
function prefix(parts: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.allocUnsafe(5)
  bytes[0] = 0
  let length = 0
  for (const part of parts) length += part.length
  bytes.writeUInt32BE(length, 1)
  return bytes
}

function trailersOf({ code, details, metadata }: StatusObject): OutgoingHttpHeaders {
  return { 'grpc-status': code, 'grpc-message': encodeURI(details), ...metadata.toHttp2Headers() }
}
