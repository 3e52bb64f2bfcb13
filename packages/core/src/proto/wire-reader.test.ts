// WireReader's values against google-protobuf's reader; the framing is tried by wire.test.ts.
import { equal, throws } from 'node:assert/strict'
import * as fc from 'fast-check'
import jspb from 'google-protobuf'
import { test } from 'uvu'
import type { GoregoError } from '../errors/index.js'
import { FieldCount } from './field-count.js'
import { BYTES, WireReader } from './wire-reader.js'

const refused = (error: GoregoError) => error.code === 'invalid-argument'

function readerOf(message: Uint8Array, maxFields = 100): WireReader {
  return new WireReader(message, new FieldCount(maxFields))
}

/** Field 1 as a varint of these bits, which may have more bytes than it needs. */
function varint(bits: bigint, padding = 0): Uint8Array {
  const bytes = [0x08]
  let rest = bits
  do {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  } while (rest > 0n)
  for (let n = 0; n < padding && bytes.length < 11; n++) bytes.push(0x80)
  bytes.push((bytes.pop() as number) & 0x7f)
  return Uint8Array.from(bytes)
}

const messages = fc.tuple(fc.bigInt(0n, 2n ** 64n - 1n), fc.nat(3)).map(([bits, padding]) => varint(bits, padding))
const edges = [
  0n,
  1n,
  127n,
  128n,
  2n ** 28n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n - 1n,
  2n ** 56n,
  2n ** 63n,
  2n ** 64n - 1n,
]
const varints = fc.oneof(messages, fc.constantFrom(...edges.map((bits) => varint(bits))))

function ours(message: Uint8Array): WireReader {
  const reader = readerOf(message)
  equal(reader.next(), true)
  return reader
}

/** The published types do not know all of its methods. */
type TheirReader = jspb.BinaryReader & { readStringRequireUtf8(): string }

function theirs(message: Uint8Array): TheirReader {
  const reader = new jspb.BinaryReader(message) as TheirReader
  equal(reader.nextField(), true)
  return reader
}

test('numbers are those that google-protobuf reads', () => {
  void fc.assert(
    fc.property(varints, (message) => {
      equal(ours(message).int64(), Number(theirs(message).readInt64String()))
      equal(ours(message).value, Number(theirs(message).readUint64String()))
      equal(ours(message).int32(), theirs(message).readEnum())
      equal(ours(message).boolean(), theirs(message).readBool())
    }),
    { numRuns: 2000 },
  )
})

test('texts are those that google-protobuf reads, and what is no UTF-8 is refused', () => {
  const texts = fc.string({ unit: 'binary' }).map((text) => Buffer.from(text))
  void fc.assert(
    fc.property(fc.oneof(texts, fc.uint8Array({ maxLength: 10 })), (bytes) => {
      const writer = new jspb.BinaryWriter()
      writer.writeBytes(1, bytes)
      const message = writer.getResultBuffer()
      let expected: string | undefined
      try {
        expected = theirs(message).readStringRequireUtf8()
      } catch {
        // Stays undefined.
      }
      if (expected === undefined) throws(() => ours(message).text(), refused)
      else equal(ours(message).text(), expected)
    }),
    { numRuns: 2000 },
  )
})

test('GEN-01: a field of another wire type is refused', () => {
  const reader = readerOf(Buffer.of(0x08, 1, 0x0a, 0))
  reader.next()
  for (const read of ['view', 'text', 'message'] as const) throws(() => reader[read](), refused, read)
  reader.next()
  for (const read of ['int64', 'int32', 'boolean'] as const) throws(() => reader[read](), refused, read)
})

test('GEN-01: a tag of more than 32 bits is refused', () => {
  throws(() => readerOf(Buffer.of(0x88, 0x80, 0x80, 0x80, 0x10, 0)).next(), refused)
})

test('a message inside ends where its field does', () => {
  const reader = readerOf(Buffer.of(0x0a, 3, 0x08, 1, 0x12, 0x12, 0))
  reader.next()
  const inner = reader.message()
  equal(inner.next(), true)
  equal(inner.value, 1)
  throws(() => inner.next(), refused)
})

test('fields are counted, those of messages inside as well', () => {
  const message = Buffer.of(0x0a, 2, 0x08, 1, 0x08, 1)
  const readAll = (reader: WireReader) => {
    while (reader.next()) if (reader.type === BYTES) readAll(reader.message())
  }
  readAll(readerOf(message, 3))
  throws(() => readAll(readerOf(message, 2)), /more than the 2 fields/)
})

test('payloads are views', () => {
  const message = Buffer.of(0x0a, 2, 7, 8)
  const reader = ours(message)
  equal(reader.view().buffer, message.buffer)
  equal(Buffer.compare(reader.view(), Buffer.of(7, 8)), 0)
})

test.run()
