import { createHmac, randomBytes } from 'node:crypto'

/**
 * A digest of secrets under a key that nobody knows and that lives as long as the process. Secrets are looked up by it: how long
 * a comparison of digests takes says nothing of the secret, because nobody can choose what they begin with.
 */
const KEY = randomBytes(32)

export function secretDigest(secret: string): string {
  return createHmac('sha256', KEY).update(secret).digest('base64')
}
