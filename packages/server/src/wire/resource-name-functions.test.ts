// Digest functions in resource names, and the parsers against names that nobody thought of.
import {
  BLAKE3,
  Digest,
  type DigestFunction,
  DigestFunctionSet,
  digestFunctions,
  GoregoError,
  SHA256,
} from '@gorego/core'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dialectOf } from '../../test/dialect.js'
import { parseReadName, parseWriteName, type ResourceName } from './resource-name.js'

const all = new DigestFunctionSet(digestFunctions)
const hashOf = (fn: DigestFunction) => '0123456789abcdef'.repeat(8).slice(0, fn.hashLength)
const digestOf = (fn: DigestFunction) => Digest.of(fn, hashOf(fn), 12)

/** Undefined for a name that is refused as it should be; anything else that is thrown is passed on. */
function parsed(parse: typeof parseReadName, name: string, functions = all): ResourceName | undefined {
  try {
    return parse(name, dialectOf({ functions }))
  } catch (error) {
    if (error instanceof GoregoError && error.code === 'invalid-argument' && error.message.length < 1000)
      return undefined
    throw error
  }
}

test('RN-06: names as digests print them are read back, with every function', () => {
  for (const fn of digestFunctions) {
    const digest = digestOf(fn)
    assert.is(parsed(parseReadName, `main/blobs/${digest}`)?.digest.key, digest.key)
    assert.is(parsed(parseWriteName, `main/uploads/1/blobs/${digest}/x`)?.digest.key, digest.key)
  }
})

test('RN-06: BLAKE3 is spelled out, and what is not is SHA-256', () => {
  const tail = `${hashOf(BLAKE3)}/12`
  assert.is(parsed(parseReadName, `blobs/blake3/${tail}`)?.digest.fn, BLAKE3)
  assert.is(parsed(parseReadName, `blobs/${tail}`)?.digest.fn, SHA256)
  assert.is(parsed(parseWriteName, `uploads/1/blobs/blake3/${tail}/blake3`)?.digest.fn, BLAKE3)
  assert.is(parsed(parseReadName, `blobs/BLAKE3/${tail}`), undefined)
  assert.is(parsed(parseReadName, `blobs/${tail}`, new DigestFunctionSet([BLAKE3])), undefined)
})

test('RN-06: the others may be spelled out, but not wrongly', () => {
  for (const fn of digestFunctions) {
    for (const named of digestFunctions) {
      const name = `blobs/${named.name}/${hashOf(fn)}/12`
      const expected = named.hashLength === fn.hashLength ? named : undefined
      assert.is(parsed(parseReadName, name)?.digest.fn, expected, name)
    }
  }
})

test('GEN-08: functions that are known and not offered are refused by name', () => {
  const sha256 = new DigestFunctionSet([SHA256])
  for (const fn of digestFunctions.filter((each) => each !== SHA256)) {
    const spelled = `blobs/${fn.name}/${hashOf(fn)}/12`
    assert.is(parsed(parseReadName, spelled, sha256), undefined)
    assert.throws(
      () => parseReadName(spelled, dialectOf({ functions: sha256 })),
      new RegExp(`${fn.name} is not a digest function .*: sha256$`),
    )
    if (fn.hashLength !== SHA256.hashLength) {
      assert.is(parsed(parseReadName, `blobs/${hashOf(fn)}/12`, sha256), undefined)
    }
  }
})

const digests = fc.tuple(fc.constantFrom(...digestFunctions), fc.maxSafeNat()).chain(([fn, size]) => {
  const digit = fc.constantFrom(...'0123456789abcdef')
  return fc.array(digit, { minLength: fn.hashLength, maxLength: fn.hashLength }).map((digits) => {
    return Digest.of(fn, digits.join(''), size)
  })
})

/** Names that are nearly right more often than chance would have it. */
const names = fc
  .array(
    fc.oneof(
      fc.constantFrom('blobs', 'uploads', 'compressed-blobs', 'main', '', '12', '012', '-1', 'zstd', '..'),
      fc.constantFrom(...digestFunctions.flatMap((fn) => [fn.name, hashOf(fn), hashOf(fn).toUpperCase()])),
      digests.map(String),
      fc.string({ unit: 'binary' }),
    ),
    { maxLength: 8 },
  )
  .map((segments) => segments.join('/'))

const prefix = (instance: string) => (instance === '' ? '' : `${instance}/`)
const spellings = (digest: Digest) => [`${digest}`, `${digest.fn.name}/${digest.hash}/${digest.sizeBytes}`]

test('RN-01, RN-06: any string is the read name of a digest that prints so, or refused', () => {
  void fc.assert(
    fc.property(fc.oneof(names, fc.string({ unit: 'binary' })), (name) => {
      const read = parsed(parseReadName, name)
      if (read === undefined) return
      // Beyond 2^53 a size is not exact any more; no blob has one.
      if (!Number.isSafeInteger(read.digest.sizeBytes)) return
      const expected = spellings(read.digest).map((tail) => `${prefix(read.instance)}blobs/${tail}`)
      assert.ok(expected.includes(name), name)
    }),
    { numRuns: 2000 },
  )
})

test('RN-03, RN-08: any string is the write name of a digest that prints so, or refused', () => {
  const writes = fc
    .tuple(names, fc.string(), names)
    .map(([instance, uuid, tail]) => `${instance}/uploads/${uuid}/${tail}`)
  void fc.assert(
    fc.property(fc.oneof(names, writes), (name) => {
      const written = parsed(parseWriteName, name)
      if (written === undefined || !Number.isSafeInteger(written.digest.sizeBytes)) return
      const start = `${prefix(written.instance)}uploads/`
      assert.ok(name.startsWith(start))
      const rest = name.slice(name.indexOf('/', start.length) + 1)
      const fits = spellings(written.digest).some((tail) => `${rest}/`.startsWith(`blobs/${tail}/`))
      assert.ok(fits, name)
    }),
    { numRuns: 2000 },
  )
})

test('RN-01, RN-03: what a client makes of any digest and instance is understood', () => {
  const instances = fc.constantFrom('', 'main', 'a/b', 'ä b/c', '..')
  void fc.assert(
    fc.property(digests, instances, (digest, instance) => {
      const read = parseReadName(`${prefix(instance)}blobs/${digest}`, dialectOf({ functions: all }))
      assert.equal([read.instance, read.digest.key], [instance, digest.key])
      const written = parseWriteName(`${prefix(instance)}uploads/u/blobs/${digest}`, dialectOf({ functions: all }))
      assert.equal([written.instance, written.digest.key], [instance, digest.key])
    }),
  )
})

test.run()
