// wireFields against google-protobuf, on messages and on bytes that are made up from a seed.
import { deepEqual, equal, ok, throws } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import jspb from 'google-protobuf'
import { test } from 'uvu'
import type { GoregoError } from '../errors/index.js'
import { wireFields } from './wire.js'

const refused = (error: GoregoError) => error.code === 'invalid-argument'

/** Numbers below a bound, the same in every run. */
function numbers(seed: string): (bound: number) => number {
  let count = 0
  return (bound) => createHash('sha256').update(`${seed} ${count++}`).digest().readUIntBE(0, 6) % bound
}

interface Plain {
  readonly number: number
  readonly bytes?: string
  readonly value?: number
}

function ours(message: Uint8Array): Plain[] {
  return [...wireFields(message)].map(({ number, bytes, value }) =>
    bytes === undefined ? { number, value } : { number, bytes: Buffer.from(bytes).toString('hex') },
  )
}

/** What google-protobuf's reader makes of it: undefined if it refuses. */
function theirs(message: Uint8Array): Plain[] | undefined {
  const fields: Plain[] = []
  const reader = new jspb.BinaryReader(message)
  try {
    while (reader.nextField() && !reader.isEndGroup()) {
      const number = reader.getFieldNumber()
      if (reader.getWireType() === 0) fields.push({ number, value: Number(reader.readUint64String()) })
      else if (reader.getWireType() === 2)
        fields.push({ number, bytes: Buffer.from(reader.readBytes()).toString('hex') })
      else reader.skipField()
    }
    return fields
  } catch {
    return undefined
  }
}

/** A message with fields of every wire type but groups. */
function randomMessage(random: (bound: number) => number): Uint8Array {
  const writer = new jspb.BinaryWriter()
  for (let n = random(12); n > 0; n--) {
    const number = 1 + random(random(2) === 0 ? 15 : 2 ** 29 - 1)
    const kind = random(5)
    if (kind === 0) writer.writeUint64(number, random(2) === 0 ? random(300) : random(2 ** 48))
    else if (kind === 1) writer.writeBytes(number, createHash('shake128', { outputLength: 1 + random(300) }).digest())
    else if (kind === 2) writer.writeBytes(number, new Uint8Array(0))
    else if (kind === 3) writer.writeFixed64(number, random(2 ** 40))
    else writer.writeFixed32(number, random(2 ** 31))
  }
  return writer.getResultBuffer()
}

test('fields are those that google-protobuf reads, in the same order', () => {
  const random = numbers('messages')
  let fields = 0
  for (let n = 0; n < 500; n++) {
    const message = randomMessage(random)
    deepEqual(ours(message), theirs(message))
    fields += ours(message).length
  }
  ok(fields > 1000, `only ${fields} fields were compared`)
})

test('a message that is cut short anywhere is refused, or is the fields so far', () => {
  const random = numbers('cuts')
  for (let n = 0; n < 60; n++) {
    const message = randomMessage(random)
    const all = ours(message)
    for (let length = 0; length < message.length; length++) {
      const cut = message.subarray(0, length)
      const expected = theirs(cut)
      if (expected === undefined) throws(() => ours(cut), refused)
      else deepEqual(ours(cut), all.slice(0, expected.length))
    }
  }
})

test('bytes at random are refused, or read as google-protobuf reads them, and fail in no other way', () => {
  const random = numbers('noise')
  let accepted = 0
  for (let n = 0; n < 3000; n++) {
    const noise = Buffer.from(
      Array.from({ length: 1 + random(12) }, () => (random(3) === 0 ? random(256) : random(24))),
    )
    let fields: Plain[]
    try {
      fields = ours(noise)
    } catch (error) {
      ok(refused(error as GoregoError), String(error))
      continue
    }
    accepted++
    deepEqual(fields, theirs(noise), noise.toString('hex'))
  }
  ok(accepted > 50, `only ${accepted} were messages`)
})

test('payloads are views of the message, not copies', () => {
  const message = Buffer.of(0x0a, 2, 7, 8)
  const [field] = wireFields(message)
  equal(field?.bytes?.buffer, message.buffer)
})

test('numbers are exact up to 2^53', () => {
  for (const value of [0, 127, 128, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    const writer = new jspb.BinaryWriter()
    writer.writeUint64(1, value)
    equal([...wireFields(writer.getResultBuffer())][0]?.value, value)
  }
})

test('GEN-01: what is no message is refused', () => {
  const bad: Record<string, number[]> = {
    'a lone tag': [0x0a],
    'a payload that ends early': [0x0a, 5, 1, 2],
    'a payload of 2^60 bytes': [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10],
    'a number without end': [0x08, 0x80],
    'a number of eleven bytes': [0x08, ...Array.from({ length: 10 }, () => 0x80), 0],
    'half a fixed64': [0x09, 1, 2, 3],
    'half a fixed32': [0x0d, 1, 2, 3],
    'a group, which REAPI has none of': [0x0b, 0x0c],
    'a wire type that does not exist': [0x0f],
    'field number 0': [0x00, 0x00],
  }
  for (const [what, bytes] of Object.entries(bad)) throws(() => [...wireFields(Buffer.from(bytes))], refused, what)
})

test.run()
