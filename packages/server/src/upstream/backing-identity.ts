import { readFile, stat } from 'node:fs/promises'
import { GoregoError, type Logger } from '@gorego/core'
import type { Config } from '../config/config.js'
import { Reloaded } from '../reload/reloaded.js'
import { readPem } from '../tls/read-pem.js'
import type { ChannelIdentity } from './channel-identity.js'

export interface BackingIdentity extends Disposable {
  readonly identity: ChannelIdentity
}

/** What the settings say that the backing cache is shown; a token is read again when its file changes. Throws where a file cannot be used. */
export async function openBackingIdentity(
  { tls, tokenFile }: Config['backingCache'],
  logger: Logger,
): Promise<BackingIdentity> {
  const [ca, cert, key] = await Promise.all([
    tls.caFile && readPem(tls.caFile, 'backing_cache.tls.ca_file', 'CERTIFICATE'),
    tls.certFile && readPem(tls.certFile, 'backing_cache.tls.cert_file', 'CERTIFICATE'),
    tls.keyFile && readPem(tls.keyFile, 'backing_cache.tls.key_file', 'PRIVATE KEY'),
  ])
  const what = 'the token for the backing cache'
  const load = () => readToken(tokenFile ?? '', logger)
  const token = tokenFile === undefined ? undefined : await Reloaded.open({ paths: [tokenFile], what, load, logger })
  return {
    identity: {
      tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
      token: token && (() => token.value),
    },
    [Symbol.dispose]: () => token?.[Symbol.dispose](),
  }
}

/** The only thing in its file. What is said of it never names it. */
async function readToken(path: string, logger: Logger): Promise<string> {
  const setting = 'backing_cache.token_file'
  let text: string
  try {
    text = (await readFile(path, 'utf8')).trim()
    const { mode } = await stat(path)
    if ((mode & 0o004) !== 0) logger.warn(`every user of this machine can read ${setting}; chmod o-r`, { file: path })
  } catch (cause) {
    throw new GoregoError('invalid-argument', `${setting} cannot be read: ${(cause as Error).message}`, { cause })
  }
  if (!/^[\x21-\x7e]+$/.test(text))
    throw new GoregoError('invalid-argument', `${setting} ${path}: want one token of printable ASCII, and nothing else`)
  return text
}
