import { equal } from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'uvu'
import { MessageWriter } from './message-writer.js'
import { Digest, ExecuteOperationMetadata, Operation } from './messages.js'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

test('a message is what google-protobuf writes, messages inside it included', () => {
  const digests = fc.tuple(fc.string({ unit: 'grapheme' }), fc.maxSafeNat())
  void fc.assert(
    fc.property(digests, fc.nat(4), fc.string({ maxLength: 300 }), ([hash, size], stage, stream) => {
      const digest = new MessageWriter().text(1, hash).varint(2, size)
      const ours = new MessageWriter().varint(1, stage).message(2, digest).text(3, stream)
      const theirs = new ExecuteOperationMetadata()
        .setStage(stage as 0)
        .setActionDigest(new Digest().setHash(hash).setSizeBytes(size))
        .setStdoutStreamName(stream)
      equal(hex(ours.finish()), hex(theirs.serializeBinary()))
      equal(ours.length, ours.finish().length)
      // The same from pieces.
      const pieces = new MessageWriter()
        .varint(1, stage)
        .bytes(2, digest.finish())
        .encoded(new MessageWriter().text(3, stream).finish())
      equal(hex(pieces.finish()), hex(theirs.serializeBinary()))
    }),
  )
})

test('of defaults nothing is written, but a message that has no fields is there', () => {
  const empty = new MessageWriter().varint(3, 0).text(1, '').message(2, new MessageWriter()).finish()
  equal(hex(empty), '1200')
  equal(Operation.deserializeBinary(empty).hasMetadata(), true)
})

test('fields may have large numbers', () => {
  equal(
    hex(
      new MessageWriter()
        .varint(1000, 1)
        .bytes(2 ** 29 - 1, Buffer.from('x'))
        .finish(),
    ),
    'c03e01faffffff0f0178',
  )
})

test.run()
