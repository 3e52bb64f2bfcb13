import { deepEqual, throws } from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'uvu'
import { encodeFrame, type Frame, FrameReader } from './frames.js'

const frames = fc.array(
  fc.record({
    kind: fc.constantFrom('call', 'next', 'done', 'failed', 'cancel'),
    call: fc.nat(),
    head: fc.option(fc.jsonValue(), { nil: undefined }),
    bytes: fc.oneof(fc.uint8Array(), fc.uint8Array({ minLength: 16_000, maxLength: 20_000 })),
  }) as fc.Arbitrary<Frame>,
)

/** Everything that comes out of the reader when the bytes come in pieces of that length. */
function readIn(bytes: Buffer, pieceBytes: number): Frame[] {
  const reader = new FrameReader()
  const read: Frame[] = []
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    for (const frame of reader.push(bytes.subarray(at, at + pieceBytes))) read.push(plain(frame))
  }
  return read
}

/** JSON has no -0 and no undefined, and a view is no different from an array of the same bytes. */
function plain({ kind, call, head, bytes }: Frame): Frame {
  const text = head === undefined ? undefined : JSON.stringify(head)
  return { kind, call, head: text === undefined ? undefined : JSON.parse(text), bytes: new Uint8Array(bytes ?? []) }
}

test('what is written as frames is read as the same frames, however it is cut', () => {
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 70_000 }), (sent, pieceBytes) => {
      const bytes = Buffer.concat(sent.flatMap(encodeFrame))
      deepEqual(readIn(bytes, pieceBytes), sent.map(plain))
    }),
    { numRuns: 50 },
  )
})

test('bytes that are no frames are refused, or wait for more', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), (bytes) => {
      try {
        readIn(Buffer.from(bytes), bytes.length)
      } catch (error) {
        if (!(error instanceof Error)) throw error
      }
    }),
  )
  throws(() => readIn(Buffer.alloc(20, 0xff), 20), /a frame of 4294967295 bytes/)
  throws(() => readIn(Buffer.alloc(20), 20), /a frame of 0 bytes/)
})

test.run()
