import { reapi } from '@gorego/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeReadResponse, parseWriteRequest } from './byte-stream-messages.js'

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

test('a WriteRequest is read as google-protobuf would read it', () => {
  const pick = random(1)
  for (let n = 0; n < 300; n++) {
    const data = Buffer.alloc(LENGTHS[pick(LENGTHS.length - 2)] ?? 0, pick(256))
    const message = new reapi.WriteRequest()
      .setResourceName(NAMES[pick(NAMES.length)] ?? '')
      .setWriteOffset(OFFSETS[pick(OFFSETS.length)] ?? 0)
      .setFinishWrite(pick(2) === 1)
      .setData(data)
    const parsed = parseWriteRequest(message.serializeBinary())
    assert.is(parsed.resourceName, message.getResourceName())
    assert.is(parsed.writeOffset, message.getWriteOffset())
    assert.is(parsed.finishWrite, message.getFinishWrite())
    assert.ok(data.equals(parsed.data))
  }
})

test('its data is a view of the message', () => {
  const bytes = new reapi.WriteRequest().setData(Buffer.from('some data')).serializeBinary()
  assert.is(parseWriteRequest(bytes).data.buffer, bytes.buffer)
})

test('BW-02: a negative offset is none that a blob could have', () => {
  for (const offset of [-1, -(2 ** 40)]) {
    const { writeOffset } = parseWriteRequest(new reapi.WriteRequest().setWriteOffset(offset).serializeBinary())
    assert.ok(writeOffset > Number.MAX_SAFE_INTEGER)
  }
})

test('the last of several fields of one number counts, and unknown fields are passed over', () => {
  const parts = ['a', 'b'].map((name) => new reapi.WriteRequest().setResourceName(name).setData(Buffer.from(name)))
  const unknown = Buffer.from('fa3f0161f83f05', 'hex')
  const { resourceName, data } = parseWriteRequest(
    Buffer.concat([unknown, ...parts.map((part) => part.serializeBinary()), unknown]),
  )
  assert.is(resourceName, 'b')
  assert.is(Buffer.from(data).toString(), 'b')
})

test('GEN-01: bytes that are no message are refused, whatever they are', () => {
  const whole = Buffer.from(
    new reapi.WriteRequest().setResourceName('name').setWriteOffset(300).setData(Buffer.from('data')).serializeBinary(),
  )
  const pick = random(2)
  for (let n = 0; n < 2000; n++) {
    const garbage = Buffer.from(whole.subarray(0, pick(whole.length + 1)))
    for (let flips = pick(4); flips > 0 && garbage.length > 0; flips--) garbage[pick(garbage.length)] = pick(256)
    try {
      parseWriteRequest(garbage)
    } catch (error) {
      assert.is((error as { code?: string }).code, 'invalid-argument')
    }
  }
})

test('a ReadResponse is what google-protobuf writes', () => {
  for (const length of LENGTHS) {
    const data = Buffer.alloc(length, 7)
    const encoded = encodeReadResponse(data)
    assert.ok(Buffer.from(reapi.ReadResponse.deserializeBinary(encoded).getData_asU8()).equals(data))
    if (length > 0) assert.ok(encoded.equals(new reapi.ReadResponse().setData(data).serializeBinary()))
  }
})

test.run()
