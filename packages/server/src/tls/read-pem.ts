import { readFile } from 'node:fs/promises'
import { GoregoError } from '@gorego/core'

/** A file with something of that label in PEM. Throws `invalid-argument` with the setting that names it. */
export async function readPem(path: string, setting: string, label: 'CERTIFICATE' | 'PRIVATE KEY'): Promise<Buffer> {
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
