import { Metadata, type ServerUnaryCall } from '@grpc/grpc-js'
import { CALLER_HEADER, CLIENT_HEADER, callerIn } from './caller-header.js'
import { requestLabels } from './request-metadata.js'
import { resourceNameHeader } from './resource-name-header.js'

/** What grpc-js's four kinds of calls have in common. */
export type Call = Pick<ServerUnaryCall<Buffer, Buffer>, 'cancelled' | 'metadata'> & {
  on(event: 'cancelled', listener: () => void): unknown
}

/** What a handler knows of the call besides its messages. */
export interface CallContext {
  /** The method. */
  readonly path: string
  /** Who makes it, where that has to be known; else empty. */
  readonly caller: string
  /** Who limits take the client for, where it has any; else empty. */
  readonly client: string
  /** Whether the client cancelled, disconnected or ran out of time before the handler was done: nobody waits for an answer. */
  readonly cancelled: boolean
  /** Aborted when that happens (GEN-07). */
  readonly signal: AbortSignal
  /** Who calls and why, as far as the client says (RM-01). */
  readonly labels: Readonly<Record<string, string>>
  /** The span that the client made the call in, in W3C's form, unchecked. */
  readonly traceparent: string | undefined
  /** The ByteStream resource name in the headers, which is optional (RN-10). */
  readonly resourceName: string | undefined
}

/**
 * The context of one of grpc-js's calls. Everything is made when somebody asks for it: most calls are over before anybody
 * does, and small ones cost less than an AbortSignal.
 */
export class GrpcCallContext implements CallContext {
  readonly path: string
  readonly #call: Call
  #abort: AbortController | undefined
  #labels: Readonly<Record<string, string>> | undefined
  #over = false

  constructor(call: Call, path: string) {
    this.path = path
    this.#call = call
  }

  get cancelled(): boolean {
    return this.#call.cancelled
  }

  get caller(): string {
    return callerIn(this.#call.metadata?.get(CALLER_HEADER)[0]?.toString())
  }

  get client(): string {
    return callerIn(this.#call.metadata?.get(CLIENT_HEADER)[0]?.toString())
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = new AbortController()
      this.#abort = abort
      if (this.#call.cancelled) abort.abort()
      // grpc-js tells of the end of every call in this way, also of those that went well.
      else this.#call.on('cancelled', () => this.#over || abort.abort())
    }
    return this.#abort.signal
  }

  get labels(): Readonly<Record<string, string>> {
    this.#labels ??= requestLabels(this.#call.metadata ?? new Metadata())
    return this.#labels
  }

  get traceparent(): string | undefined {
    return this.#call.metadata?.get('traceparent')[0]?.toString()
  }

  get resourceName(): string | undefined {
    return resourceNameHeader(this.#call.metadata ?? new Metadata())
  }

  /** The handler is done: there is nothing left to abort. */
  end(): void {
    this.#over = true
  }
}
