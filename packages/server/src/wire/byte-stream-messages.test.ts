import { reapi } from '@gorego/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseReadRequest, parseWriteRequest, readResponseHeader } from './byte-stream-messages.js'

/** Numbers that look random and are the same in every run (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

const NAMES = ['', 'blobs/x/1', 'ä/uploads/größe/📦', 'n'.repeat(200)]
const OFFSETS = [0, 1, 127, 128, 300, 2 ** 31, 2 ** 32 + 5, 2 ** 53 - 1]
const LENGTHS = [0, 1, 127, 128, 129, 16_383, 16_384, 70_000, 2 ** 21]

/** A message in up to four pieces. */
function cut(message: Uint8Array, pick: (below: number) => number): Uint8Array[] {
  const cuts = Array.from({ length: pick(4) }, () => pick(message.length + 1)).sort((a, b) => a - b)
  return [...cuts, message.length].map((end, n) => message.subarray(cuts[n - 1] ?? 0, end))
}

/** Fields of a WriteRequest one by one, for messages that no serializer writes. */
const fields: readonly ((pick: (below: number) => number) => Uint8Array)[] = [
  (pick) => new reapi.WriteRequest().setResourceName(NAMES[pick(NAMES.length)] ?? '').serializeBinary(),
  (pick) => new reapi.WriteRequest().setWriteOffset(OFFSETS[pick(OFFSETS.length)] ?? 0).serializeBinary(),
  () => new reapi.WriteRequest().setFinishWrite(true).serializeBinary(),
  (pick) => new reapi.WriteRequest().setData(Buffer.alloc(pick(300), pick(256))).serializeBinary(),
  () => Buffer.from('fa3f0161f83f05', 'hex'),
]

test('a WriteRequest is read as google-protobuf would read it', () => {
  const pick = random(1)
  for (let n = 0; n < 300; n++) {
    const data = Buffer.alloc(LENGTHS[pick(LENGTHS.length - 2)] ?? 0, pick(256))
    const message = new reapi.WriteRequest()
      .setResourceName(NAMES[pick(NAMES.length)] ?? '')
      .setWriteOffset(OFFSETS[pick(OFFSETS.length)] ?? 0)
      .setFinishWrite(pick(2) === 1)
      .setData(data)
    const parsed = parseWriteRequest(cut(message.serializeBinary(), pick))
    assert.is(parsed.resourceName, message.getResourceName())
    assert.is(parsed.writeOffset, message.getWriteOffset())
    assert.is(parsed.finishWrite, message.getFinishWrite())
    assert.is(parsed.length, data.length)
    assert.ok(data.equals(Buffer.concat(parsed.data)))
  }
})

test('fields in any order, several of one kind, unknown ones and none are read as google-protobuf reads them', () => {
  const pick = random(3)
  for (let n = 0; n < 2000; n++) {
    const message = Buffer.concat(
      Array.from({ length: pick(6) }, () => fields[pick(fields.length)]?.(pick) ?? Buffer.of()),
    )
    const expected = reapi.WriteRequest.deserializeBinary(message)
    const { data, length, ...parsed } = parseWriteRequest(cut(message, pick))
    assert.equal(parsed, {
      resourceName: expected.getResourceName(),
      writeOffset: expected.getWriteOffset(),
      finishWrite: expected.getFinishWrite(),
    })
    assert.ok(Buffer.concat(data).equals(expected.getData_asU8()))
    assert.is(length, expected.getData_asU8().length)
  }
})

test('its data are views of the message', () => {
  const bytes = new reapi.WriteRequest().setResourceName('name').setData(Buffer.from('some data')).serializeBinary()
  const { data } = parseWriteRequest([bytes.subarray(0, 12), bytes.subarray(12)])
  assert.is(data.length, 2)
  for (const piece of data) assert.is(piece.buffer, bytes.buffer)
})

test('a ReadRequest is read as google-protobuf would read it', () => {
  for (const name of NAMES) {
    for (const number of [...OFFSETS, -1, -300, -(2 ** 40)]) {
      const message = new reapi.ReadRequest().setResourceName(name).setReadOffset(number).setReadLimit(number)
      const { resourceName, readOffset, readLimit } = parseReadRequest(message.serializeBinary())
      assert.is(resourceName, name)
      for (const read of [readOffset, readLimit]) {
        if (number < 0) assert.ok(read < 0)
        else assert.is(read, number)
      }
    }
  }
})

test('BW-02: a negative offset is none that a blob could have', () => {
  for (const offset of [-1, -(2 ** 40)]) {
    const { writeOffset } = parseWriteRequest([new reapi.WriteRequest().setWriteOffset(offset).serializeBinary()])
    assert.ok(writeOffset > Number.MAX_SAFE_INTEGER)
  }
})

test('the last of several fields of one number counts, and unknown fields are passed over', () => {
  const parts = ['a', 'b'].map((name) => new reapi.WriteRequest().setResourceName(name).setData(Buffer.from(name)))
  const unknown = Buffer.from('fa3f0161f83f05', 'hex')
  const { resourceName, data } = parseWriteRequest([
    Buffer.concat([unknown, ...parts.map((part) => part.serializeBinary()), unknown]),
  ])
  assert.is(resourceName, 'b')
  assert.is(Buffer.concat(data).toString(), 'b')
})

test('GEN-01: bytes that are no message are refused, whatever they are', () => {
  const whole = Buffer.from(
    new reapi.WriteRequest().setResourceName('name').setWriteOffset(300).setData(Buffer.from('data')).serializeBinary(),
  )
  const pick = random(2)
  for (let n = 0; n < 2000; n++) {
    const garbage = Buffer.from(whole.subarray(0, pick(whole.length + 1)))
    for (let flips = pick(4); flips > 0 && garbage.length > 0; flips--) garbage[pick(garbage.length)] = pick(256)
    for (const parse of [() => parseWriteRequest(cut(garbage, pick)), () => parseReadRequest(garbage)]) {
      try {
        parse()
      } catch (error) {
        assert.is((error as { code?: string }).code, 'invalid-argument')
      }
    }
  }
})

test('a ReadResponse is what google-protobuf writes', () => {
  for (const length of LENGTHS) {
    const data = Buffer.alloc(length, 7)
    const encoded = Buffer.concat([readResponseHeader(length), data])
    assert.ok(Buffer.from(reapi.ReadResponse.deserializeBinary(encoded).getData_asU8()).equals(data))
    if (length > 0) assert.ok(encoded.equals(new reapi.ReadResponse().setData(data).serializeBinary()))
  }
})

test.run()
