import { equal, throws } from 'node:assert/strict'
import { test } from 'uvu'
import { SHA256 } from '../digest/index.js'
import type { GoregoError } from '../errors/index.js'
import { blobOf } from '../testing/index.js'
import { decode } from './decode.js'
import { fromDigestMessage, toDigestMessage } from './digests.js'
import { Action, Digest as DigestMessage } from './messages.js'

const { digest } = blobOf('content')

const refused = (pattern: RegExp) => (error: GoregoError) =>
  error.code === 'invalid-argument' && pattern.test(error.message)

test('a digest survives the way through its message', () => {
  const bytes = toDigestMessage(digest).serializeBinary()
  equal(fromDigestMessage(SHA256, DigestMessage.deserializeBinary(bytes), 'x').key, digest.key)
})

test('GEN-01: an absent digest is refused by name', () => {
  throws(() => fromDigestMessage(SHA256, undefined, 'action_digest'), refused(/^action_digest is missing$/))
  throws(() => fromDigestMessage(SHA256, new DigestMessage(), 'action_digest'), refused(/hash/))
})

test('DIG-01, DIG-03: hashes and sizes that are none are refused', () => {
  for (const message of [
    new DigestMessage().setHash(digest.hash.toUpperCase()).setSizeBytes(7),
    new DigestMessage().setHash(digest.hash).setSizeBytes(-1),
    new DigestMessage().setHash(digest.hash).setSizeBytes(-(2 ** 63)),
  ]) {
    throws(
      () => fromDigestMessage(SHA256, DigestMessage.deserializeBinary(message.serializeBinary()), 'x'),
      refused(/./),
    )
  }
})

test('GEN-01, EX-08: bytes that are no message are refused by name', () => {
  for (const bytes of [Buffer.of(0x0a, 0x7f), Buffer.of(0x07), Buffer.from('no protobuf'), Buffer.alloc(3, 0xff)]) {
    throws(() => decode(Action, bytes, 'the action'), refused(/^the action is not the protobuf message/))
  }
  equal(decode(Action, new Uint8Array(0), 'the action').getDoNotCache(), false)
})

test.run()
