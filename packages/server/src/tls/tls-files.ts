import { readFile } from 'node:fs/promises'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { GoregoError } from '@gorego/core'

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
    read(certFile, 'tls.cert_file', 'CERTIFICATE'),
    read(keyFile, 'tls.key_file', 'PRIVATE KEY'),
    clientCaFile === undefined ? undefined : read(clientCaFile, 'tls.client_ca_file', 'CERTIFICATE'),
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

async function read(path: string, setting: string, label: string): Promise<Buffer> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (cause) {
    throw new GoregoError('invalid-argument', `${setting} cannot be read: ${(cause as Error).message}`, { cause })
  }
  // OpenSSL takes a file without any for an empty list of authorities, which would trust nobody without a word.
  if (!bytes.includes(`${label}-----`))
    throw new GoregoError(
      'invalid-argument',
      `${setting} ${path} has no ${label} in PEM: no line -----BEGIN …${label}-----`,
    )
  return bytes
}
