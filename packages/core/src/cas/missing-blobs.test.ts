import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'uvu'
import { blobOf } from '../testing/index.js'
import { blobNotFound, missingBlobs } from './missing-blobs.js'

const digests = ['a', 'b', 'c', 'd', 'e'].map((text) => blobOf(text).digest)

test('BR-01: an absent blob is named', () => {
  const digest = blobOf('a').digest
  const error = blobNotFound(digest)
  equal(error.code, 'not-found')
  ok(error.message.includes(String(digest)))
})

test('EX-06: every missing blob is one subject, without an instance', () => {
  const error = missingBlobs(digests)
  equal(error.code, 'failed-precondition')
  deepEqual(error.details, [{ kind: 'missing-blobs', subjects: digests.map((digest) => `blobs/${digest.hash}/1`) }])
})

test('the message names a few of them', () => {
  match(missingBlobs(digests).message, /the action needs blobs .* and 2 more$/)
  match(missingBlobs(digests.slice(0, 1)).message, /the action needs a blob [^,]*\/1$/)
  equal(missingBlobs(digests.slice(0, 3)).message.includes('more'), false)
})

test.run()
