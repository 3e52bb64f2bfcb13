import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'uvu'
import { Digest, SHA256 } from '../digest/index.js'
import { blobOf } from '../testing/index.js'
import { BlobIndex, blocks } from './blob-index.js'

const [a, b, c] = ['a', 'b', 'c'].map((text) => blobOf(text).digest) as [Digest, Digest, Digest]

test('space is counted in whole blocks', () => {
  equal(blocks(0), 0)
  equal(blocks(1), 4096)
  equal(blocks(4096), 4096)
  equal(blocks(4097), 8192)
})

test('an entry counts once for every variant', () => {
  const index = new BlobIndex(() => 0)
  index.add(a, 'plain')
  index.add(a, 'plain')
  equal(index.bytes, 4096)
  index.add(a, 'executable')
  equal(index.bytes, 2 * 4096)
  equal(index.size, 1)
  index.remove(a)
  index.remove(a)
  equal(index.bytes, 0)
  equal(index.size, 0)
})

test('an executable alone is no blob', () => {
  const index = new BlobIndex(() => 0)
  index.add(a, 'executable')
  equal(index.has(a), false)
  equal(index.touch(a), false)
  index.add(a, 'plain')
  equal(index.has(a), true)
  equal(index.touch(a), true)
})

test('the least recently used comes first: adding and touching are uses, looking is none', () => {
  const index = new BlobIndex(() => 0)
  equal(index.oldest(), undefined)
  for (const digest of [a, b, c]) index.add(digest, 'plain')
  index.touch(a)
  index.has(b)
  equal(index.oldest()?.digest.key, b.key)
  index.add(b, 'plain')
  equal(index.oldest()?.digest.key, c.key)
  index.remove(c)
  equal(index.oldest()?.digest.key, a.key)
})

test('DIG-02: size is part of identity', () => {
  const index = new BlobIndex(() => 0)
  index.add(a, 'plain')
  equal(index.has(Digest.of(a.fn, a.hash, 2)), false)
  equal(index.has(Digest.of(a.fn, a.hash, 1)), true)
})

test('what was not used since the mark comes before all that was', () => {
  const index = new BlobIndex(() => 0)
  index.mark()
  equal(index.hasMarked, false)
  for (const digest of [a, b, c]) index.add(digest, 'plain')
  equal(index.hasMarked, false)
  index.mark()
  // The newest of the marked ones, then one in the middle, then the last of them.
  index.touch(c)
  equal(index.hasMarked, true)
  index.touch(a)
  equal(index.oldest()?.digest.key, b.key)
  equal(index.hasMarked, true)
  index.remove(b)
  equal(index.hasMarked, false)
  equal(index.oldest()?.digest.key, c.key)
  index.load(b, 'plain')
  equal(index.hasMarked, false)
})

test('a walk through the uses leaves out none that stays, whatever is used and removed meanwhile', () => {
  let time = 1
  const index = new BlobIndex(() => time)
  const digests = Array.from({ length: 6 }, (_, n) => Digest.ofBytes(SHA256, Buffer.from(`${n}`)))
  const [, second, third, , fifth] = digests as [Digest, Digest, Digest, Digest, Digest]
  for (const digest of digests) index.add(digest, 'plain')
  const seen: number[] = []
  const words = digests.map(({ hash }) => Number.parseInt(hash.slice(0, 8), 16) | 0)
  for (const { first } of index.usesOldestFirst()) {
    seen.push(words.indexOf(first))
    time = 2
    // The next ones of the walk: one is used, one is removed.
    if (seen.length === 1) {
      index.touch(second)
      index.remove(third)
    }
    if (seen.length === 2) index.remove(fifth)
  }
  deepEqual(seen, [0, 3, 5])
})

test.run()
