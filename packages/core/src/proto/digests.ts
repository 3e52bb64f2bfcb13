import { Digest, type DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { Digest as DigestMessage } from './messages.js'

export function toDigestMessage(digest: Digest): DigestMessage {
  const message = new DigestMessage()
  message.setHash(digest.hash)
  message.setSizeBytes(digest.sizeBytes)
  return message
}

/** Checks a digest from a message; `what` names it in the error, as in "action_digest" (GEN-01). */
export function fromDigestMessage(fn: DigestFunction, message: DigestMessage | undefined, what: string): Digest {
  if (message === undefined) throw new GoregoError('invalid-argument', `${what} is missing`)
  return Digest.of(fn, message.getHash(), message.getSizeBytes())
}
