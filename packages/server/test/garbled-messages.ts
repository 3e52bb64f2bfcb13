/** What fast-check makes messages of, good ones and others, for tests of what reads them off the wire. */
import { type DigestFunction, reapi } from '@gorego/core'
import * as fc from 'fast-check'

/** Hashes of a function, and now and then something that is none. */
export function hashes(fn: DigestFunction): fc.Arbitrary<string> {
  const digit = fc.constantFrom(...'0123456789abcdef')
  const good = fc.array(digit, { minLength: fn.hashLength, maxLength: fn.hashLength }).map((digits) => digits.join(''))
  const bad = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    good.map((hash) => hash.toUpperCase()),
    good.map((hash) => hash.slice(1)),
  )
  return fc.oneof({ weight: 30, arbitrary: good }, { weight: 1, arbitrary: bad })
}

/** Sizes of blobs, and now and then one that none has. */
export const sizes: fc.Arbitrary<number> = fc.oneof(
  { weight: 10, arbitrary: fc.nat() },
  { weight: 10, arbitrary: fc.constantFrom(0, 1, 127, 128, 16_384, 2 ** 32) },
  { weight: 10, arbitrary: fc.maxSafeNat() },
  { weight: 1, arbitrary: fc.constantFrom(-1, -(2 ** 40)) },
)

/** Fields 1000 to 1003, of all four wire types, or some of them, or none. */
export const unknownFields: fc.Arbitrary<Buffer> = fc
  .subarray(['c03e01', 'c93e0102030405060708', 'd23e0100', 'dd3e01020304'])
  .map((fields) => Buffer.from(fields.join(''), 'hex'))

/** Messages cut short anywhere, with bytes changed anywhere, or with something else behind them. */
export function garbled(messages: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Buffer> {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 })
  return fc
    .tuple(messages, fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(), changes, fc.uint8Array())
    .map(([message, part, cut, changed, tail]) => {
      const length = cut ? Math.floor(part * message.length) : message.length
      const bytes = Buffer.concat([message.subarray(0, length), cut ? tail.subarray(0, 0) : tail.subarray(0, 3)])
      for (const [at, value] of changed) if (bytes.length > 0) bytes[at % bytes.length] = value
      return bytes
    })
}

/** A length-delimited field. */
export function field(number: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(12)
  const afterTag = reapi.writeVarint(header, 0, number * 8 + 2)
  return Buffer.concat([header.subarray(0, reapi.writeVarint(header, afterTag, payload.length)), payload])
}
