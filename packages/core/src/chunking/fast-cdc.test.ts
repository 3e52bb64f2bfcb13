import { deepEqual, equal, throws } from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import { Digest, SHA256 } from '../digest/index.js'
import { blobOfSize } from '../testing/index.js'
import { FastCdc } from './fast-cdc.js'
import { type FastCdcParameters, fastCdcParameters } from './fast-cdc-parameters.js'

const MIB = 1024 * 1024

function lengths(bytes: Uint8Array, parameters: FastCdcParameters, pieceSize = bytes.length): number[] {
  const cdc = new FastCdc(parameters, bytes.length)
  const cuts: number[] = []
  for (let at = 0; at < bytes.length; at += pieceSize) cuts.push(...cdc.push(bytes.subarray(at, at + pieceSize)))
  return cuts
}

// REAPI's fastcdc2020_test_vectors.txt: the cuts of one picture, with these parameters. The picture is not ours to publish.
const pictureHash = 'd9e749d9367fc908876749d6502eb212fee88c9a94892fb07da5ef3ba8bc39ed'
const picturePath = process.env.GOREGO_TEST_FASTCDC_PICTURE
const ofVectors = { minBytes: 4096, averageBytes: 16_384, maxBytes: 65_535 }
const vectors: Record<number, [length: number, sha256: string][]> = {
  0: [
    [19186, '0f9efa589121d5d9e9e2c4ace91337d77cae866537143f6f15a0ffd525a77c2d'],
    [19279, 'c7c86a165573c16448cda35c9169742e85645af42be22889f8b96b8ee0ec7cb0'],
    [17354, 'bc88521e28a8b4479cdea5f75aa721a24f3a0a7d0be903aa6d505c574e51e89d'],
    [16387, '4b8dac2652e4685c629d2bb1ae9d4448e676b86f2e67ca0b2fff3d9580184b79'],
    [19940, 'c0a7062da6f2386c28e086ee0cedd5732252741269838773cff1ddb05b2df6ed'],
    [17320, '7fa5b12134dc75cd2ac8dc60d3a8f3c8d22f0ee9d4cf74a4aa937e2a0d2d79a5'],
  ],
  666: [
    [17635, 'cb3a9d80a3569772d4ed331ca37ab0c862c759897b890fc1aac90a4f2ea3a407'],
    [17334, 'd758c6b7b0b7eef1e996f8ccd17de6c645360b03a26c35541e7581348ac08944'],
    [19136, '24846aefd89e510594bae3e9d7d5ea5012067601512610fed126a3c57ba993f5'],
    [17467, 'efa785e1fefb49f190e665f72fd246c1442079874508c312196da1fb3040d00b'],
    [23593, 'a2f557bdd8d40d8faada963ad5f91ec54b10ccee7c5ae72754a65137592dc607'],
    [14301, 'e131100b4a7147ccad19dc63c4a2fac1f5d8b644e1373eeb6803825024234efc'],
  ],
}

for (const [seed, expected] of Object.entries(vectors)) {
  test(`CH-05: the published vectors, seed ${seed}`, () => {
    if (picturePath === undefined) {
      console.log(`SKIP CH-05 the published vectors, seed ${seed}: GOREGO_TEST_FASTCDC_PICTURE names no file`)
      return
    }
    const picture = readFileSync(picturePath)
    equal(Digest.ofBytes(SHA256, picture).hash, pictureHash)
    let at = 0
    const chunks = lengths(picture, { ...ofVectors, seed: Number(seed) }).map((length) => {
      const chunk = picture.subarray(at, at + length)
      at += length
      return [length, Digest.ofBytes(SHA256, chunk).hash]
    })
    deepEqual(chunks, expected)
  })
}

// What the Go implementation that REAPI names (buildbuddy-io/fastcdc2020, version of February 2026) made of the same bytes:
// number of chunks, and SHA-256 of their lengths, one a line.
const golden: [size: number, average: number, seed: number, chunks: number, hash: string][] = [
  [16 * MIB + 12_345, 524_288, 0, 28, '23bcea30190be440479bb16508141121b6c052c8fb1b68a9359d25479c8c582b'],
  [16 * MIB + 12_345, 524_288, 666, 28, 'ccb7d3438f76db77e2fc0574664f570aae76ad19e1206ad3d9612d2c484b42ba'],
  [16 * MIB + 12_345, MIB, 1, 14, 'ddfb0dc005aa5b2cbf8a02d291024ad0b9e9455cd96879dd5dfdfb6aec5aea1b'],
  [MIB + 1, 1024, 0, 893, 'aed0ecd405cdbad8fd43fdc410ecbffaafde126e54607c1c61917d93997542cd'],
  [MIB + 1, 65_536, 0xffffffff, 14, '409e78da8e98cef28d789445bb861a330bab52244dbf658c6e86ca2039e83caf'],
]

for (const [size, average, seed, chunks, hash] of golden) {
  test(`CH-05: ${size} bytes in chunks of ${average}, seed ${seed}, are cut as others cut them`, () => {
    const { bytes } = blobOfSize(size, 'fast-cdc')
    for (const pieceSize of [256 * 1024, 1000, size]) {
      const cuts = lengths(bytes, fastCdcParameters(average, seed), pieceSize)
      equal(cuts.length, chunks)
      equal(
        createHash('sha256')
          .update(`${cuts.join('\n')}\n`)
          .digest('hex'),
        hash,
      )
    }
  })
}

test('CH-05: the smallest and the largest chunk follow from the average; only powers of two from 1 KiB to 1 MiB will do', () => {
  deepEqual(fastCdcParameters(524_288), { minBytes: 131_072, averageBytes: 524_288, maxBytes: 2 * MIB, seed: 0 })
  for (const bad of [0, 512, 1000, 3 * 1024, 2 * MIB, Number.NaN]) throws(() => fastCdcParameters(bad), /power of two/)
})

test('where the pieces end makes no difference, however small they are', () => {
  const { bytes } = blobOfSize(20_001, 'pieces')
  const parameters = fastCdcParameters(1024)
  for (const pieceSize of [1, 2, 3, 255, 256, 257]) {
    deepEqual(lengths(bytes, parameters, pieceSize), lengths(bytes, parameters))
  }
})

test('zeroes give chunks of the largest size, and a rest', () => {
  deepEqual(lengths(new Uint8Array(10_000), fastCdcParameters(1024)), [4096, 4096, 1808])
})

test('what is no longer than the shortest chunk is one; of nothing there is none', () => {
  deepEqual(lengths(blobOfSize(256).bytes, fastCdcParameters(1024)), [256])
  deepEqual(lengths(blobOfSize(1).bytes, fastCdcParameters(1024)), [1])
  deepEqual(lengths(new Uint8Array(0), fastCdcParameters(1024)), [])
})

test('bytes beyond the size are refused', () => {
  const cdc = new FastCdc(fastCdcParameters(1024), 10)
  throws(() => cdc.push(new Uint8Array(11)), RangeError)
})

test('an insertion at the beginning moves the cuts with the content', () => {
  const { bytes } = blobOfSize(MIB, 'insertion')
  const cutsOf = (content: Uint8Array) => {
    let at = 0
    return lengths(content, fastCdcParameters(16_384)).map((length) => {
      at += length
      return content.length - at
    })
  }
  const before = new Set(cutsOf(bytes))
  const after = cutsOf(Buffer.concat([Buffer.from('something new'), bytes]))
  const kept = after.filter((fromEnd) => before.has(fromEnd)).length
  equal(kept >= after.length - 3, true, `${kept} of ${after.length} cuts are where they were`)
})

test.run()
