import type { SecureContextOptions, TLSSocket } from 'node:tls'
import type { Logger } from '@gorego/core'
import type { Config } from '../config/config.js'
import { Reloaded } from '../reload/reloaded.js'
import { readTlsFiles } from './tls-files.js'
import { TlsGateway, type TlsGatewayOptions } from './tls-gateway.js'

/** The certificates of a process, for whatever it serves. */
export class Tls implements Disposable {
  readonly #files: Reloaded<SecureContextOptions>
  readonly #options: Pick<TlsGatewayOptions, 'clientCertificates' | 'logger'>

  private constructor(
    files: Reloaded<SecureContextOptions>,
    options: Pick<TlsGatewayOptions, 'clientCertificates' | 'logger'>,
  ) {
    this.#files = files
    this.#options = options
  }

  /** Undefined where no certificate is configured. Throws where it cannot be used. */
  static async open(
    { certFile, keyFile, clientCaFile, clientCerts }: Config['tls'],
    logger: Logger,
  ): Promise<Tls | undefined> {
    if (certFile === undefined || keyFile === undefined) return undefined
    const paths = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])]
    const load = () => readTlsFiles({ certFile, keyFile, clientCaFile })
    const files = await Reloaded.open({ paths, what: 'the TLS certificates', load, logger })
    return new Tls(files, { clientCertificates: clientCaFile === undefined ? 'none' : clientCerts, logger })
  }

  gateway(protocol: TlsGatewayOptions['protocol'], onSecure: (connection: TLSSocket) => void): TlsGateway {
    return new TlsGateway({ files: this.#files, protocol, ...this.#options }, onSecure)
  }

  [Symbol.dispose](): void {
    this.#files[Symbol.dispose]()
  }
}
