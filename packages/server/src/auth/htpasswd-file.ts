import type { Logger } from '@gorego/core'
import { credentialLines } from './credential-lines.js'

/** bcrypt hashes by name. */
export type Passwords = ReadonlyMap<string, string>

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/

/** Beyond this one look at a password takes longer than anybody waits. */
const HIGHEST_COST = 14

/** Lines as `htpasswd -B` writes them. */
export async function readHtpasswdFile(path: string, logger: Logger): Promise<Passwords> {
  const passwords = new Map<string, string>()
  for (const { name, secret, refuse } of await credentialLines(path, /:/, 'auth.htpasswd_file', logger)) {
    const [, cost] = BCRYPT.exec(secret) ?? refuse('only bcrypt hashes are taken: htpasswd -B makes them')
    if (Number(cost) > HIGHEST_COST) refuse(`a cost of ${cost} takes too long: use ${HIGHEST_COST} or less`)
    if (passwords.has(name)) refuse(`${name} is in the file already`)
    passwords.set(name, secret)
  }
  return passwords
}
