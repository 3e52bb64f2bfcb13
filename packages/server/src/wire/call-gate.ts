import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Access } from '../auth/access.js'
import { ANONYMOUS } from '../auth/permission.js'
import type { ClientCalls } from '../clients/client-calls.js'
import { clientOf } from '../clients/client-of.js'
import type { CallLog } from './call-log.js'
import { CALLER_HEADER, CLIENT_HEADER } from './caller-header.js'
import { DirectCall } from './direct-call.js'

/** Load balancers ask it from the addresses of those whose calls they pass on, and must not hear that these have too many. */
const NOT_COUNTED = '/grpc.health.v1.Health/Check'

export interface CallGateOptions {
  /** Absent where everybody may call everything. */
  readonly access: Access | undefined
  /** Absent where clients have no limits. */
  readonly clients: ClientCalls | undefined
  /** Is told of calls that are refused here. */
  readonly log: CallLog
}

/** Every call of a server comes through here, whoever handles it: none gets by that may not be made. */
export class CallGate {
  readonly #access: Access | undefined
  readonly #clients: ClientCalls | undefined
  readonly #log: CallLog
  readonly #certificates = new WeakMap<Http2Session, { readonly name: string | undefined }>()

  constructor({ access, clients, log }: CallGateOptions) {
    this.#access = access
    this.#clients = clients
    this.#log = log
  }

  /** Goes on with `handle` when the call may be made, and answers it otherwise. */
  admit(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, handle: () => void): void {
    const startedAt = performance.now()
    delete headers[CALLER_HEADER]
    delete headers[CLIENT_HEADER]
    const path = headers[':path'] ?? ''
    const refuse = (thrown: unknown) => {
      const call = new DirectCall(stream, headers)
      call.fail(thrown)
      this.#log({ path: 'refused', context: call, startedAt, thrown })
    }
    const goOn = (name: string) => {
      // Gone while its password was looked at.
      if (stream.destroyed) return
      try {
        this.#count(stream, headers, path, name)
      } catch (error) {
        return refuse(error)
      }
      if (this.#access !== undefined) headers[CALLER_HEADER] = encodeURIComponent(name)
      handle()
    }
    try {
      const name = this.#nameOf(stream, headers, path)
      if (typeof name === 'string') goOn(name)
      else this.#wait(stream, name, goOn, refuse)
    } catch (error) {
      refuse(error)
    }
  }

  #nameOf(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, path: string): string | Promise<string> {
    if (this.#access === undefined) return ANONYMOUS
    const credentials = { authorization: headers.authorization, certificate: this.#certificateOf(stream.session) }
    return this.#access.admit(path, credentials)
  }

  /** Throws where the client has as many calls under way as it may. */
  #count(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, path: string, name: string): void {
    if (this.#clients === undefined || path === NOT_COUNTED) return
    const client = clientOf(name, stream.session ?? stream, () => stream.session?.socket.remoteAddress)
    this.#clients.begin(client, stream)
    headers[CLIENT_HEADER] = encodeURIComponent(client)
  }

  #wait(
    stream: ServerHttp2Stream,
    name: Promise<string>,
    goOn: (name: string) => void,
    refuse: (thrown: unknown) => void,
  ) {
    // Nobody else listens yet, and an error that nobody listens to would be thrown.
    const gone = () => {}
    stream.on('error', gone)
    name.then(goOn, refuse).finally(() => stream.off('error', gone))
  }

  #certificateOf(session: Http2Session | undefined): string | undefined {
    if (session === undefined || !session.encrypted) return undefined
    let known = this.#certificates.get(session)
    if (known === undefined) {
      known = { name: certificateName(session.socket as TLSSocket) }
      this.#certificates.set(session, known)
    }
    return known.name
  }
}

/** Undefined where none was shown, or it has no common name, or more than one. */
export function certificateName(connection: TLSSocket): string | undefined {
  const name: unknown = connection.authorized ? connection.getPeerCertificate()?.subject?.CN : undefined
  return typeof name === 'string' && name !== '' ? name : undefined
}
