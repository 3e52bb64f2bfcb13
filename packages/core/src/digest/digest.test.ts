import { equal, ok, throws } from 'node:assert/strict'
import { test } from 'uvu'
import type { GoregoError } from '../errors/index.js'
import { BLAKE3 } from './blake3.js'
import { Digest, emptyDigest, isEmptyBlob } from './digest.js'
import { SHA256 } from './openssl-functions.js'

const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
const nothing = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

const isRefused = (error: GoregoError) => error.code === 'invalid-argument'

test('the digest of bytes is the published one', () => {
  const digest = Digest.ofBytes(SHA256, Buffer.from('abc'))
  equal(digest.hash, abc)
  equal(digest.sizeBytes, 3)
  equal(String(digest), `${abc}/3`)
  ok(digest.equals(Digest.of(SHA256, abc, 3)))
})

test('DIG-01: a hash has all its digits, lowercase and hexadecimal', () => {
  const wrong = [
    '',
    abc.slice(1),
    `${abc}0`,
    abc.toUpperCase(),
    `${abc.slice(1)}g`,
    `${abc.slice(1)}\n`,
    ` ${abc.slice(1)}`,
  ]
  for (const hash of [...wrong, '../'.repeat(22).slice(0, 64), `${abc.slice(1)}\u0661`]) {
    throws(() => Digest.of(SHA256, hash, 3), isRefused, JSON.stringify(hash))
  }
})

test('DIG-01: of all characters, the sixteen digits are taken', () => {
  let taken = ''
  for (let code = 0; code <= 0xffff; code++) {
    const character = String.fromCharCode(code)
    try {
      taken += Digest.of(SHA256, abc.slice(1) + character, 3).hash.at(-1)
    } catch (error) {
      ok(isRefused(error as GoregoError))
    }
  }
  equal(taken, '0123456789abcdef')
})

test('DIG-01: what is no hash is quoted in the message, but never at full length', () => {
  throws(
    () => Digest.of(SHA256, 'x'.repeat(1e6), 3),
    (error: GoregoError) => error.message.length < 400,
  )
})

test('DIG-03: a size is a whole number, 0 or more', () => {
  for (const size of [-1, -0.5, 1.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    throws(() => Digest.of(SHA256, abc, size), isRefused, String(size))
  }
  for (const size of [0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER]) equal(Digest.of(SHA256, abc, size).sizeBytes, size)
})

test('DIG-02: size is part of identity', () => {
  equal(Digest.of(SHA256, abc, 3).equals(Digest.of(SHA256, abc, 4)), false)
})

test('DIG-07, RN-06: so is the function, which resource names spell out where it must be', () => {
  const digest = Digest.of(BLAKE3, abc, 3)
  equal(digest.equals(Digest.of(SHA256, abc, 3)), false)
  equal(String(digest), `blake3/${abc}/3`)
})

test('FM-02: the empty blob has the hash of nothing and size 0', () => {
  ok(isEmptyBlob(Digest.of(SHA256, nothing, 0)))
  ok(emptyDigest(SHA256).equals(Digest.of(SHA256, nothing, 0)))
  equal(isEmptyBlob(Digest.of(SHA256, abc, 0)), false)
  equal(isEmptyBlob(Digest.of(SHA256, nothing, 1)), false)
})

test.run()
