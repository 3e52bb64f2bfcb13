import { isGuarded } from '../auth/is-guarded.js'
import type { Config } from './config.js'
import { ConfigError, type ConfigProblem } from './config-error.js'
import { isReachableFromOutside, parseListenAddress } from './listen-address.js'

/** What would be unsafe, or mean something else than it says, is not begun: throws a ConfigError. */
export function checkExposure(config: Config): void {
  const { tls, http, listenAddr, insecure } = config
  const problems: ConfigProblem[] = []
  if ((tls.certFile === undefined) !== (tls.keyFile === undefined))
    problems.push({ where: 'tls', message: 'tls.cert_file and tls.key_file are of use together only: give both' })
  else if (tls.clientCaFile !== undefined && tls.certFile === undefined)
    problems.push({ where: 'tls', message: 'tls.client_ca_file needs tls.cert_file and tls.key_file' })
  else if (tls.certFile === undefined && !insecure) {
    for (const [where, text] of [
      ['listen_addr', listenAddr],
      ['http.listen_addr', http.listenAddr],
    ] as const) {
      if (!isOutside(text)) continue
      problems.push({
        where,
        message: `other machines can reach ${text}, and without TLS all that they send and fetch is in the clear: give tls.cert_file and tls.key_file, listen on 127.0.0.1, or say --insecure (insecure: true) in a network where you trust everybody`,
      })
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
}

/** Whether anybody at all can do anything here. */
export function isOpenToAll(config: Config): boolean {
  return isOutside(config.listenAddr) && !isGuarded(config)
}

function isOutside(text: string | undefined): boolean {
  const address = text === undefined ? undefined : parseListenAddress(text)
  return address !== undefined && isReachableFromOutside(address)
}
