import { readFile, stat } from 'node:fs/promises'
import { GoregoError, type Logger } from '@gorego/core'
import { readPem } from '../tls/read-pem.js'
import type { ChannelTls } from './channel-identity.js'

/** Paths of what a server is shown, or has to show; whatever is absent is not shown. */
export interface IdentityFiles {
  readonly tokenFile?: string | undefined
  readonly caFile?: string | undefined
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
}

/** How whoever named a file named it, for messages: a setting, a flag. */
export type IdentityNames = Readonly<Record<keyof IdentityFiles, string>>

/** The PEM files. Throws `invalid-argument`, with the name of the one that cannot be used. */
export async function readChannelTls(
  { caFile, certFile, keyFile }: IdentityFiles,
  names: IdentityNames,
): Promise<ChannelTls> {
  const [ca, cert, key] = await Promise.all([
    caFile && readPem(caFile, names.caFile, 'CERTIFICATE'),
    certFile && readPem(certFile, names.certFile, 'CERTIFICATE'),
    keyFile && readPem(keyFile, names.keyFile, 'PRIVATE KEY'),
  ])
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
}

/** A token that is the only thing in its file. What is said of it never has the token in it. */
export async function readTokenAlone(path: string, name: string, logger: Pick<Logger, 'warn'>): Promise<string> {
  let text: string
  try {
    text = (await readFile(path, 'utf8')).trim()
    const { mode } = await stat(path)
    if ((mode & 0o004) !== 0) logger.warn(`every user of this machine can read ${name}; chmod o-r`, { file: path })
  } catch (cause) {
    throw new GoregoError('invalid-argument', `${name} cannot be read: ${(cause as Error).message}`, { cause })
  }
  if (!/^[\x21-\x7e]+$/.test(text))
    throw new GoregoError('invalid-argument', `${name} ${path}: want one token of printable ASCII, and nothing else`)
  return text
}

/** What a client shows that reads its files once: how `RemoteServer` and `RemoteExecutor` take it. */
export async function readIdentity(
  files: IdentityFiles,
  names: IdentityNames,
  logger: Pick<Logger, 'warn'>,
): Promise<{ readonly tls: ChannelTls; readonly token?: string }> {
  const { tokenFile } = files
  const [tls, token] = await Promise.all([
    readChannelTls(files, names),
    tokenFile === undefined ? undefined : readTokenAlone(tokenFile, names.tokenFile, logger),
  ])
  return { tls, ...(token !== undefined && { token }) }
}
