// Certificates made by openssl, as an operator makes them.
import { execFileSync } from 'node:child_process'
import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { type TemporaryDirectory, temporaryDirectory } from '@gorego/core/testing'
import { credentials } from '@grpc/grpc-js'

/** Why tests with certificates cannot run here, if they cannot. */
export function whyNoOpenssl(): string | undefined {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'openssl is not installed'
  }
}

/** A certificate and its key, by their files. */
export interface Certificate {
  readonly certFile: string
  readonly keyFile: string
}

/** An authority of its own in a temporary directory, and what it signed. */
export class Certificates implements Disposable {
  readonly caFile: string
  readonly #directory: TemporaryDirectory = temporaryDirectory()
  readonly #caKey: string

  constructor(name = 'gorego test authority') {
    this.caFile = this.#path('ca.pem')
    this.#caKey = this.#path('ca.key')
    this.#openssl([
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      this.#caKey,
      '-out',
      this.caFile,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    ])
  }

  /** Signs one for 127.0.0.1 and localhost; another of the same file name takes the place of the first, as a careful tool puts it there. */
  sign(file: string, commonName = file): Certificate {
    const [certFile, keyFile] = [this.#path(`${file}.pem`), this.#path(`${file}.key`)]
    const [request, cert, key] = [this.#path('new.csr'), this.#path('new.pem'), this.#path('new.key')]
    const names = 'subjectAltName=IP:127.0.0.1,DNS:localhost'
    this.#openssl(['req', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', `/CN=${commonName}`, '-addext', names])
    const signed = [
      '-CA',
      this.caFile,
      '-CAkey',
      this.#caKey,
      '-CAcreateserial',
      '-days',
      '2',
      '-copy_extensions',
      'copy',
    ]
    this.#openssl(['x509', '-req', '-in', request, '-out', cert, ...signed])
    renameSync(key, keyFile)
    renameSync(cert, certFile)
    return { certFile, keyFile }
  }

  /** What a client brings that trusts this authority. */
  client(certificate?: Certificate) {
    const read = (path?: string) => (path === undefined ? null : readFileSync(path))
    return credentials.createSsl(readFileSync(this.caFile), read(certificate?.keyFile), read(certificate?.certFile))
  }

  [Symbol.dispose](): void {
    this.#directory[Symbol.dispose]()
  }

  #path(name: string): string {
    return join(this.#directory.path, name)
  }

  #openssl(args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] })
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const
