import type { Config } from '../config/config.js'

/** Whether callers have to say who they are. */
export function isGuarded({ auth, tls }: Pick<Config, 'auth' | 'tls'>): boolean {
  const { tokensFile, htpasswdFile, permissions } = auth
  return [tokensFile, htpasswdFile, tls.clientCaFile].some((file) => file !== undefined) || permissions.length > 0
}
