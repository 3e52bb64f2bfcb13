import type { Logger } from '@gorego/core'
import type { Config } from '../config/config.js'
import { Reloaded } from '../reload/reloaded.js'
import type { ChannelIdentity } from './channel-identity.js'
import { type IdentityNames, readChannelTls, readTokenAlone } from './identity-files.js'

export interface BackingIdentity extends Disposable {
  readonly identity: ChannelIdentity
}

const SETTINGS: IdentityNames = {
  tokenFile: 'backing_cache.token_file',
  caFile: 'backing_cache.tls.ca_file',
  certFile: 'backing_cache.tls.cert_file',
  keyFile: 'backing_cache.tls.key_file',
}

/** What the settings say that the backing cache is shown; a token is read again when its file changes. Throws where a file cannot be used. */
export async function openBackingIdentity(
  { tls: files, tokenFile }: Config['backingCache'],
  logger: Logger,
): Promise<BackingIdentity> {
  const tls = await readChannelTls(files, SETTINGS)
  const what = 'the token for the backing cache'
  const load = () => readTokenAlone(tokenFile ?? '', SETTINGS.tokenFile, logger)
  const token = tokenFile === undefined ? undefined : await Reloaded.open({ paths: [tokenFile], what, load, logger })
  return {
    identity: { tls, token: token && (() => token.value) },
    [Symbol.dispose]: () => token?.[Symbol.dispose](),
  }
}
