import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { joined, MessageSplitter, type SplitMessage } from './message-splitter.js'

/** As gRPC frames it. */
function framed(message: Uint8Array, compressed = false): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = Number(compressed)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

/** The messages that a chunk completes. */
function split(splitter: MessageSplitter, chunk: Buffer): SplitMessage[] {
  const messages: SplitMessage[] = []
  splitter.add(chunk)
  for (let next = splitter.next(); next !== undefined; next = splitter.next()) if ('pieces' in next) messages.push(next)
  return messages
}

function splitAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return ends.map((end, n) => bytes.subarray(ends[n - 1] ?? 0, end))
}

test('messages are the same wherever the stream is cut', () => {
  const message = fc.record({ bytes: fc.uint8Array({ maxLength: 3000 }), compressed: fc.boolean() })
  fc.assert(
    fc.property(fc.array(message), fc.array(fc.nat(), { maxLength: 200 }), (messages, cuts) => {
      const stream = Buffer.concat(messages.map(({ bytes, compressed }) => framed(bytes, compressed)))
      const splitter = new MessageSplitter(3000)
      const messagesOf = splitAt(stream, cuts).flatMap((chunk) => split(splitter, chunk))
      assert.not(splitter.unfinished)
      assert.equal(
        messagesOf.map(({ pieces, compressed }) => ({ bytes: Buffer.concat(pieces), compressed })),
        messages.map(({ bytes, compressed }) => ({ bytes: Buffer.from(bytes), compressed })),
      )
      assert.ok(messagesOf.every(({ pieces, length }) => length === joined(pieces).length))
    }),
  )
})

test('pieces are views of what came', () => {
  const stream = framed(Buffer.alloc(5000, 1))
  const splitter = new MessageSplitter(5000)
  assert.equal(split(splitter, stream.subarray(0, 3000)), [])
  assert.ok(splitter.unfinished)
  const [message] = split(splitter, stream.subarray(3000))
  for (const piece of message?.pieces ?? []) assert.is(piece.buffer, stream.buffer)
})

test('a message that comes byte by byte is kept in few pieces', () => {
  const bytes = Buffer.from(Array.from({ length: 10_000 }, (_, n) => n % 256))
  const splitter = new MessageSplitter(10_000)
  const messages: SplitMessage[] = []
  for (const byte of framed(bytes)) messages.push(...split(splitter, Buffer.of(byte)))
  const pieces = messages[0]?.pieces ?? []
  assert.ok(Buffer.concat(pieces).equals(bytes))
  assert.ok(pieces.length < 10_000 / 32, `${pieces.length} pieces`)
})

test('each message is announced before it is taken, and nothing is cut that nobody asks for', () => {
  const splitter = new MessageSplitter(100_000)
  splitter.add(Buffer.concat([framed(Buffer.alloc(7)), framed(Buffer.alloc(0)), framed(Buffer.alloc(9), true)]))
  splitter.add(framed(Buffer.alloc(1000), true).subarray(0, 5))
  const next = () => {
    const given = splitter.next()
    return given && [given.cost, 'pieces' in given]
  }
  assert.equal(
    [next(), next()],
    [
      [7, false],
      [7, true],
    ],
  )
  assert.not(splitter.unfinished)
  assert.equal(
    [next(), next()],
    [
      [0, false],
      [0, true],
    ],
  )
  // Compressed, it counts as what it may become: that, or as much as any message may have.
  assert.equal(
    [next(), next()],
    [
      [9 * 1032, false],
      [9 * 1032, true],
    ],
  )
  assert.equal([next(), next()], [[100_000, false], undefined])
  assert.ok(splitter.unfinished)
})

test('a message that is too large is refused at its beginning', () => {
  const splitter = new MessageSplitter(100)
  assert.is(split(splitter, framed(Buffer.alloc(100))).length, 1)
  try {
    split(splitter, framed(Buffer.alloc(101)).subarray(0, 5))
    assert.unreachable()
  } catch (error) {
    assert.is((error as { code?: string }).code, 'resource-exhausted')
  }
})

test.run()
