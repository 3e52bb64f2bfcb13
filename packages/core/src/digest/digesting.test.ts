import { equal, ok, rejects, throws } from 'node:assert/strict'
import { test } from 'uvu'
import type { GoregoError } from '../errors/index.js'
import { Digest } from './digest.js'
import { DigestingCheck, digestInTurns, digestMismatch } from './digesting.js'
import { SHA256 } from './openssl-functions.js'

const content = Buffer.from('some content')
const digest = Digest.ofBytes(SHA256, content)

const refused = (pattern: RegExp) => (error: GoregoError) =>
  error.code === 'invalid-argument' && pattern.test(error.message)

test('content that is what its digest says passes, however it is cut', () => {
  for (const size of [1, 5, 100]) {
    const check = new DigestingCheck(digest)
    for (let at = 0; at < content.length; at += size) check.update(content.subarray(at, at + size))
    check.finish()
  }
})

test('BW-05: other content is refused at the end, with the hash that it has', () => {
  const check = new DigestingCheck(digest)
  check.update(Buffer.from('same length.'))
  throws(() => check.finish(), refused(new RegExp(Digest.ofBytes(SHA256, Buffer.from('same length.')).hash)))
})

test('DIG-02: less content is refused at the end, with its size', () => {
  const check = new DigestingCheck(digest)
  check.update(content.subarray(0, 5))
  throws(() => check.finish(), refused(/has 5 bytes/))
})

test('BW-06: the first byte too many is refused when it comes', () => {
  const check = new DigestingCheck(digest)
  check.update(content)
  check.update(new Uint8Array(0))
  throws(() => check.update(Buffer.from('!')), refused(/more than the 12 bytes/))
})

test('large content is hashed in turns with whatever else is to be done', async () => {
  const large = Buffer.alloc(4 * 1024 * 1024 + 1, 'x')
  for (const hashing of [
    () => new DigestingCheck(Digest.ofBytes(SHA256, large)).updateInTurns([large]),
    () => digestInTurns(SHA256, large),
  ]) {
    let turns = 0
    let watching = true
    const watch = () => {
      turns++
      if (watching) setImmediate(watch)
    }
    setImmediate(watch)
    await hashing()
    watching = false
    ok(turns >= 8, `${turns} turns`)
  }
})

test('in turns or not, the digest is the same, and what does not fit is refused before it is hashed', async () => {
  for (const size of [0, 1, 512 * 1024, 512 * 1024 + 1, 2_000_000]) {
    const bytes = Buffer.alloc(size, size % 251)
    const expected = Digest.ofBytes(SHA256, bytes)
    ok((await digestInTurns(SHA256, bytes)).equals(expected))
    const check = new DigestingCheck(expected)
    await check.updateInTurns([bytes])
    check.finish()
    await rejects(new DigestingCheck(expected).updateInTurns([Buffer.alloc(size + 1)]), refused(/more than/))
  }
})

test('a mismatch names both digests where the sizes are equal', () => {
  const { message } = digestMismatch(digest, 'f'.repeat(64), 12)
  equal(message.includes(String(digest)) && message.includes('f'.repeat(64)), true)
})

test.run()
