import type { Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Access } from '../auth/access.js'
import type { CallLog } from './call-log.js'
import { CALLER_HEADER } from './caller-header.js'
import { DirectCall } from './direct-call.js'

/** Every call of a server comes through here, whoever handles it: none gets by that may not be made. */
export class CallGate {
  readonly #access: Access
  readonly #log: CallLog
  readonly #certificates = new WeakMap<Http2Session, { readonly name: string | undefined }>()

  constructor(access: Access, log: CallLog) {
    this.#access = access
    this.#log = log
  }

  /** Goes on with `handle` when the call may be made, and answers it otherwise. */
  admit(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, handle: () => void): void {
    const startedAt = performance.now()
    delete headers[CALLER_HEADER]
    const goOn = (name: string) => {
      // Gone while its password was looked at.
      if (stream.destroyed) return
      headers[CALLER_HEADER] = encodeURIComponent(name)
      handle()
    }
    const refuse = (thrown: unknown) => {
      const call = new DirectCall(stream, headers)
      call.fail(thrown)
      this.#log({ path: 'refused', context: call, startedAt, thrown })
    }
    try {
      const credentials = { authorization: headers.authorization, certificate: this.#certificateOf(stream.session) }
      const name = this.#access.admit(headers[':path'] ?? '', credentials)
      if (typeof name === 'string') goOn(name)
      else this.#wait(stream, name, goOn, refuse)
    } catch (error) {
      refuse(error)
    }
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
