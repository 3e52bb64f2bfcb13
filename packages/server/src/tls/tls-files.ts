import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { GoregoError } from '@gorego/core'
import { readPem } from './read-pem.js'

/** Absolute paths of PEM files. */
export interface TlsFiles {
  /** Ours, and behind it those that it was signed with. */
  readonly certFile: string
  readonly keyFile: string
  /** What certificates of clients must be signed with. */
  readonly clientCaFile: string | undefined
}

/** Certificate, key and authorities, as they fit together. Throws `invalid-argument` with the file and what is wrong with it. */
export async function readTlsFiles({ certFile, keyFile, clientCaFile }: TlsFiles): Promise<SecureContextOptions> {
  const [cert, key, ca] = await Promise.all([
    readPem(certFile, 'tls.cert_file', 'CERTIFICATE'),
    readPem(keyFile, 'tls.key_file', 'PRIVATE KEY'),
    clientCaFile === undefined ? undefined : readPem(clientCaFile, 'tls.client_ca_file', 'CERTIFICATE'),
  ])
  const context = { cert, key, ...(ca === undefined ? {} : { ca }) }
  try {
    createSecureContext(context)
  } catch (cause) {
    throw new GoregoError(
      'invalid-argument',
      `tls.cert_file ${certFile} and tls.key_file ${keyFile} cannot be used together: ${(cause as Error).message}`,
      { cause },
    )
  }
  return context
}
