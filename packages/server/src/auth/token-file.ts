import type { Logger } from '@gorego/core'
import { credentialLines } from './credential-lines.js'
import { secretDigest } from './secret-digest.js'

/** Names by the digests of their tokens. */
export type Tokens = ReadonlyMap<string, string>

/** Shorter ones could be guessed. `openssl rand -hex 32` makes good ones. */
const SHORTEST = 20

/** Lines `name token`; a name may have several tokens, so that they can be changed one client after the other. */
export async function readTokenFile(path: string, logger: Logger): Promise<Tokens> {
  const tokens = new Map<string, string>()
  for (const { name, secret, refuse } of await credentialLines(path, /\s/, 'auth.tokens_file', logger)) {
    if (!/^[\x21-\x7e]+$/.test(secret)) refuse('a token has only printable ASCII characters, and no spaces')
    if (secret.length < SHORTEST) refuse(`a token has ${SHORTEST} characters or more: openssl rand -hex 32 makes one`)
    const digest = secretDigest(secret)
    if ((tokens.get(digest) ?? name) !== name) refuse('another name has the same token')
    tokens.set(digest, name)
  }
  return tokens
}
