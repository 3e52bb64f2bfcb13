import * as zlib from 'node:zlib'
import { blobOfSize } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { frameOfDictionary, skippableFrame, unzstd, zstdFrames } from './zstd.js'

/** Node 22.15 and later; it reads the first frame of a stream and no more. */
const { zstdDecompressSync: native } = zlib as { zstdDecompressSync?: (bytes: Uint8Array) => Buffer }

const random = blobOfSize(300_000, 'zstd').bytes
const zeros = Buffer.alloc(1_000_000)

for (const [name, bytes] of Object.entries({ nothing: Buffer.alloc(0), random, zeros, mixed: [...random, ...zeros] })) {
  const content = Buffer.from(bytes)
  for (const frames of [1, 3]) {
    for (const sized of [false, true]) {
      test(`${name} in ${frames} frames${sized ? ' that tell their size' : ''}`, () => {
        const compressed = zstdFrames(content, { frames, sized })
        assert.ok(unzstd(compressed).equals(content))
        if (native !== undefined && frames === 1) assert.ok(native(compressed).equals(content))
      })
    }
  }
}

test('runs are short', () => assert.ok(zstdFrames(zeros).length < 100))

test('what is skippable is skipped', () => {
  const stream = Buffer.concat([skippableFrame(random), zstdFrames(Buffer.from('seen')), skippableFrame(zeros)])
  assert.is(unzstd(stream).toString(), 'seen')
})

test('what breaks off, is no zstd or needs a dictionary throws', () => {
  assert.throws(() => unzstd(zstdFrames(random).subarray(0, -1)))
  assert.throws(() => unzstd(Buffer.from('nonsense')))
  if (native !== undefined) assert.throws(() => native(frameOfDictionary(random)), /ictionary/)
})

test.run()
