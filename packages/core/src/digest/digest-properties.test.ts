import { equal, ok } from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'uvu'
import { GoregoError } from '../errors/index.js'
import { Digest } from './digest.js'
import { digestFunctions } from './digest-functions.js'

const functions = fc.constantFrom(...digestFunctions)

/** Strings that are hashes of some function now and then, or nearly. */
const hashes = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(32, 40, 64, 96, 128, 31, 65).chain((length) => {
    const digit = fc.constantFrom(...'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefAg/.')
    return fc.array(digit, { minLength: length, maxLength: length }).map((digits) => digits.join(''))
  }),
)
const sizes = fc.oneof(fc.maxSafeNat(), fc.integer(), fc.double())

function digestOrRefusal(fn: (typeof digestFunctions)[number], hash: string, size: number): Digest | undefined {
  try {
    return Digest.of(fn, hash, size)
  } catch (error) {
    if (error instanceof GoregoError && error.code === 'invalid-argument') return undefined
    throw error
  }
}

test('DIG-01, DIG-03: any string and number is a digest that prints back so, or refused', () => {
  void fc.assert(
    fc.property(functions, hashes, sizes, (fn, hash, size) => {
      const digest = digestOrRefusal(fn, hash, size)
      if (digest === undefined) return
      equal(digest.hash, hash)
      equal(String(digest), `${fn.explicit ? `${fn.name}/` : ''}${hash}/${size === 0 ? 0 : size}`)
      ok(/^[0-9a-f]+$/.test(hash) && hash.length === fn.hashLength && size >= 0)
    }),
    { numRuns: 3000 },
  )
})

test('DIG-02, DIG-07: two digests have one key only if function, hash and size are the same', () => {
  const digests = fc.tuple(functions, fc.constantFrom('0', 'a'), fc.constantFrom(0, 1, 10)).map(([fn, digit, size]) => {
    return Digest.of(fn, digit.repeat(fn.hashLength), size)
  })
  void fc.assert(
    fc.property(digests, digests, (one, other) => {
      const same = one.fn === other.fn && one.hash === other.hash && one.sizeBytes === other.sizeBytes
      equal(one.equals(other), same)
    }),
  )
})

test.run()
