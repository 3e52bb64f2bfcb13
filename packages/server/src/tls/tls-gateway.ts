import type { Duplex } from 'node:stream'
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls'
import type { Logger } from '@gorego/core'
import type { Reloaded } from '../reload/reloaded.js'

export interface TlsGatewayOptions {
  readonly files: Reloaded<SecureContextOptions>
  /** What is spoken inside, as ALPN calls it. */
  readonly protocol: 'h2' | 'http/1.1'
  /** Whether clients are asked for a certificate, and refused without one. */
  readonly clientCertificates: 'none' | 'optional' | 'required'
  readonly logger: Logger
}

/** Who has not finished the handshake by then has to try again, in milliseconds. */
const HANDSHAKE_MS = 10_000

/** Makes connections that somebody accepted into ones that are encrypted. New ones see changed certificates, old ones live on. */
export class TlsGateway implements Disposable {
  readonly #server: Server
  readonly #connections = new Set<Duplex>()

  /** `onSecure` is given each connection when its handshake is over. */
  constructor(
    { files, protocol, clientCertificates, logger }: TlsGatewayOptions,
    onSecure: (connection: TLSSocket) => void,
  ) {
    this.#server = createServer(
      {
        ...files.value,
        ALPNProtocols: [protocol],
        requestCert: clientCertificates !== 'none',
        // One that was signed by somebody else is refused also where none is wanted: below.
        rejectUnauthorized: clientCertificates === 'required',
        handshakeTimeout: HANDSHAKE_MS,
      },
      (connection) => {
        connection.on('error', () => {})
        if (isForeign(connection)) {
          logger.debug('a client showed a certificate that is not signed with tls.client_ca_file', peer(connection))
          connection.destroy()
        } else onSecure(connection)
      },
    )
    this.#server.on('tlsClientError', (error, connection) => {
      logger.debug('a client could not begin to speak TLS', { error: error.message, ...peer(connection) })
    })
    files.onChange((context) => this.#server.setSecureContext(context))
  }

  accept(connection: Duplex): void {
    // What goes wrong with it is told by its close.
    connection.on('error', () => {})
    this.#connections.add(connection)
    connection.once('close', () => this.#connections.delete(connection))
    this.#server.emit('connection', connection)
  }

  /** Cuts off what is left: connections that have not got beyond the handshake, once those that have are closed. */
  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.destroy()
  }
}

function isForeign(connection: TLSSocket): boolean {
  return !connection.authorized && Object.keys(connection.getPeerCertificate() ?? {}).length > 0
}

function peer({ remoteAddress }: TLSSocket): { readonly peer: string } {
  return { peer: remoteAddress ?? 'unknown' }
}
