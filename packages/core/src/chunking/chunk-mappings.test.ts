import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'uvu'
import type { Digest } from '../digest/index.js'
import { blobOf } from '../testing/index.js'
import { ChunkMappings } from './chunk-mappings.js'

const digests = (...names: string[]): Digest[] => names.map((name) => blobOf(name).digest)
const [a, b, c] = digests('blob a', 'blob b', 'blob c') as [Digest, Digest, Digest]

/** 32 bytes of hash and 4 of size. */
const CHUNK = 36

test('chunks come back as they were, in their order', () => {
  const mappings = new ChunkMappings(10 * CHUNK)
  const chunks = digests('one', 'two, which is longer', 'one')
  mappings.set(a, chunks)
  deepEqual(mappings.get(a), chunks)
  equal(mappings.get(b), undefined)
})

test('beyond the bound those go that were asked for least recently', () => {
  const mappings = new ChunkMappings(5 * CHUNK)
  mappings.set(a, digests('1', '2'))
  mappings.set(b, digests('3', '4'))
  mappings.get(a)
  mappings.set(c, digests('5', '6'))
  equal(mappings.get(b), undefined)
  equal(mappings.get(a)?.length, 2)
  equal(mappings.get(c)?.length, 2)
})

test('a blob that is set again counts once', () => {
  const mappings = new ChunkMappings(4 * CHUNK)
  for (let n = 0; n < 3; n++) mappings.set(a, digests('1', '2'))
  mappings.set(b, digests('3', '4'))
  equal(mappings.get(a)?.length, 2)
})

test('one that is larger than the bound is not kept', () => {
  const mappings = new ChunkMappings(CHUNK)
  mappings.set(a, digests('1', '2'))
  equal(mappings.get(a), undefined)
  mappings.set(b, digests('3'))
  equal(mappings.get(b)?.length, 1)
})

test.run()
