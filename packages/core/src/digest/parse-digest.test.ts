import { equal, throws } from 'node:assert/strict'
import { test } from 'uvu'
import { Digest } from './digest.js'
import { digestFunctions } from './digest-functions.js'
import { parseDigest } from './parse-digest.js'

test('what a digest is written as is read again, of every function', () => {
  for (const fn of digestFunctions) {
    const digest = Digest.of(fn, 'a'.repeat(fn.hashLength), 12)
    equal(parseDigest(String(digest)).key, digest.key)
    equal(parseDigest(`${fn.name}/${digest.hash}/12`).key, digest.key)
  }
})

test('what is no digest is refused', () => {
  const hash = 'a'.repeat(64)
  for (const text of [
    '',
    hash,
    `${hash}/`,
    `${hash}/-1`,
    `${hash}/1e3`,
    `x/${hash}/1`,
    `aa/1`,
    `${hash}/1/2`,
    ` ${hash}/1`,
  ])
    throws(() => parseDigest(text), { code: 'invalid-argument' }, text)
  throws(() => parseDigest(`md5/${hash}/1`), /no md5 hash/)
})

test.run()
