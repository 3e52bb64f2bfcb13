import { randomBytes } from 'node:crypto'
import { compress, init } from '@bokuweb/zstd-wasm'
import { GoregoError } from '@gorego/core'
import { blobOfSize, collect, rejectsWith } from '@gorego/core/testing'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decompress } from './decompress.js'
import { MemoryBudget } from './memory-budget.js'
import { nodeEngine } from './node-engine.js'

const MIB = 1024 * 1024
const MEMORY = 64 * MIB

test.before(() => init())

async function* cut(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = sizes[n % sizes.length] ?? bytes.length
    yield bytes.subarray(at, at + size)
    at += size
  }
}

/** Decoding here, and in Node's thread pool where this Node can. */
const decoders = [undefined, nodeEngine()?.decodeFrame].filter((one, n) => n === 0 || one !== undefined)

/** Decompresses in every way there is, and looks whether they agree and all memory was given back. */
async function plain(compressed: Uint8Array, sizes: readonly number[] = [compressed.length]): Promise<Buffer> {
  const budget = new MemoryBudget(MEMORY)
  const results = await Promise.allSettled(
    decoders.map((decoder) => collect(decompress(cut(compressed, sizes), budget, decoder))),
  )
  budget.take(MEMORY)
  const [first, ...others] = results
  for (const other of others) {
    assert.is(other.status, first?.status)
    if (other.status === 'fulfilled' && first?.status === 'fulfilled') assert.ok(other.value.equals(first.value))
    if (other.status === 'rejected') assert.is(GoregoError.from(other.reason).code, 'invalid-argument')
  }
  if (first?.status !== 'fulfilled') throw first?.reason
  return first.value
}

const hex = (text: string) => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

/** Frames made by hand: a block is its kind (0 raw, 1 repeated, 2 compressed), size, and bytes. */
function frame(header: string, ...blocks: [kind: number, size: number, bytes: Uint8Array][]): Buffer {
  const parts = blocks.map(([kind, size, bytes], n) => {
    const head = Buffer.alloc(3)
    head.writeUIntLE((size << 3) | (kind << 1) | Number(n === blocks.length - 1), 0, 3)
    return Buffer.concat([head, bytes])
  })
  return Buffer.concat([hex(`28b52ffd ${header}`), ...parts])
}

/** Text of few words: repetitions near and far, literals that are worth a tree. */
function wordy(sizeBytes: number): Buffer {
  const words = Array.from({ length: 300 }, (_, n) => `${blobOfSize(8, n).digest.hash.slice(0, (n % 9) + 2)} `)
  const picks = blobOfSize(sizeBytes, 'picks').bytes
  let text = ''
  for (let n = 0; text.length < sizeBytes; n++) text += words[((picks[n] ?? 0) * (n % 3)) % words.length]
  return Buffer.from(text.slice(0, sizeBytes))
}

const contents: Record<string, Buffer> = {
  nothing: Buffer.alloc(0),
  'one byte': Buffer.from('x'),
  'a sentence': Buffer.from('the quick brown fox jumps over the lazy dog'),
  zeros: Buffer.alloc(3 * MIB),
  noise: Buffer.from(blobOfSize(MIB, 'noise').bytes),
  words: wordy(3 * MIB),
  'words and noise by turns': Buffer.concat(
    Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? wordy(40_000 + n) : Buffer.from(blobOfSize(30_000, n).bytes))),
  ),
  'numbers that grow': Buffer.from(Uint32Array.from({ length: 200_000 }, (_, n) => n * 7).buffer),
}

for (const [what, content] of Object.entries(contents)) {
  test(`${what}, compressed at all levels`, async () => {
    for (const level of [-7, 1, 3, 6, 9, 13, 16, 19]) {
      // High levels take their time; low ones have windows smaller than all of the content.
      const part = level > 3 ? content.subarray(0, 300_000) : content
      const compressed = compress(part, level)
      for (const sizes of [[compressed.length], [1, 10_000, 7777]]) {
        assert.ok((await plain(compressed, sizes)).equals(part), `level ${level}`)
      }
    }
  })
}

test('BW-07: any number of frames one behind the other, empty and skippable ones among them, cut anywhere', async () => {
  const skippable = hex('5a2a4d18 05000000 aabbccddee')
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.nat(400_000).map((size) => (contents.words as Buffer).subarray(0, size)),
  )
  const part = fc.oneof({ weight: 4, arbitrary: content }, { weight: 1, arbitrary: fc.constant('skippable' as const) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 5 }),
      async (parts, sizes) => {
        const frames = parts.map((one) => (one === 'skippable' ? skippable : compress(one)))
        const expected = Buffer.concat(parts.map((one) => (one === 'skippable' ? Buffer.alloc(0) : one)))
        assert.ok((await plain(Buffer.concat(frames), sizes)).equals(expected))
      },
    ),
    { numRuns: 40 },
  )
})

test('a frame without its size and with a checksum, as streaming encoders make them', async () => {
  const streamed = hex('28b52ffd0458b500008068656c6c6f202c2073747265616d65640100994b1160e13b12')
  assert.is((await plain(streamed)).toString(), 'hello hello hello hello, streamed')
  assert.is((await plain(streamed, [1])).toString(), 'hello hello hello hello, streamed')
})

test('blocks that are stored as they are, or are one byte again and again', async () => {
  const made = frame('00 58', [0, 3, Buffer.from('abc')], [1, 5, Buffer.from('!')], [0, 0, Buffer.alloc(0)])
  assert.is((await plain(made)).toString(), 'abc!!!!!')
})

test('BW-07: what ends too early is refused, wherever', async () => {
  const whole = Buffer.concat([compress(contents['a sentence'] as Buffer), compress(wordy(1500))])
  const first = compress(contents['a sentence'] as Buffer).length
  for (let length = 1; length < whole.length; length++) {
    if (length !== first) await rejectsWith('invalid-argument', plain(whole.subarray(0, length)))
  }
  await rejectsWith('invalid-argument', plain(hex('5a2a4d18 05000000 aabbccdd')))
  await rejectsWith('invalid-argument', plain(hex('5a2a4d18 ffffffff aabbccdd')))
})

test('BW-07: what is no frame, or follows the last one, is refused', async () => {
  for (const garbage of ['00000000', 'garbage', '1f8b08000000000000', '28b52ffc000000']) {
    await rejectsWith('invalid-argument', plain(Buffer.from(garbage)))
    await rejectsWith('invalid-argument', plain(hex('60 00').subarray(0, 1)))
    await rejectsWith('invalid-argument', plain(Buffer.concat([compress(Buffer.from('fine')), Buffer.from(garbage)])))
  }
})

test('frames that need a dictionary are refused, and say so', async () => {
  const made = hex('28b52ffd0758689de40d8900007769746820612064696374696f6e617279bf0f6ca8')
  const error = await plain(made).then(
    () => undefined,
    (thrown) => thrown,
  )
  assert.match((error as Error).message, /dictionary/)
})

test('windows of more than 32 MiB are refused before anything is decoded', async () => {
  // 64 MiB, the largest that can be said, and sizes of a single segment.
  for (const header of ['00 80', '00 ff', 'a0 00000004', 'e0 ffffffffffffffff']) {
    await rejectsWith('invalid-argument', plain(frame(header, [0, 1, Buffer.from('x')])))
  }
  assert.is((await plain(frame('00 78', [0, 1, Buffer.from('x')]))).toString(), 'x')
})

test('windows of every size, also those that are no power of two', async () => {
  const BLOCK = 128 * 1024
  const content = blobOfSize(BLOCK, 'a block').bytes
  for (let exponent = 0; exponent <= 10; exponent++) {
    for (let mantissa = 0; mantissa < 8; mantissa++) {
      const window = 2 ** (10 + exponent) * (1 + mantissa / 8)
      const size = Math.min(BLOCK, window)
      const blocks = Array.from({ length: 24 }, (_, n): [number, number, Uint8Array] =>
        n % 3 === 1 ? [1, size, Buffer.from('r')] : [0, size - n, content.subarray(n, size)],
      )
      const expected = blocks.map(([kind, length, bytes]) => (kind === 1 ? Buffer.alloc(length, 'r') : bytes))
      const header = `00 ${((exponent << 3) | mantissa).toString(16).padStart(2, '0')}`
      assert.ok((await plain(frame(header, ...blocks))).equals(Buffer.concat(expected)), `${window} bytes`)
    }
  }
})

test('GEN-06: frames that stand for nothing do not cost a buffer each', async () => {
  class CountingBudget extends MemoryBudget {
    takes = 0
    override take(bytes: number): void {
      this.takes++
      super.take(bytes)
    }
  }
  const budget = new CountingBudget(MEMORY)
  const empty = frame('00 68', [0, 0, Buffer.alloc(0)])
  const frames = Buffer.concat(Array.from({ length: 10_000 }, () => empty))
  assert.is((await collect(decompress(cut(frames, [frames.length]), budget))).length, 0)
  assert.ok(budget.takes < 5, `${budget.takes}`)
})

test('reserved bits and blocks, and blocks beyond their limit, are refused', async () => {
  const x = Buffer.from('x')
  for (const made of [
    frame('08 58', [0, 1, x]),
    frame('00 58', [3, 1, x]),
    frame('00 58', [1, 131_073, x]),
    frame('00 58', [0, 131_073, Buffer.alloc(131_073)]),
    // The window is 1 KiB, and with it the largest block.
    frame('00 00', [1, 1025, x]),
  ]) {
    await rejectsWith('invalid-argument', plain(made))
  }
})

test('a frame must have the size that it says', async () => {
  for (const [size, wrong] of [
    [5, 4],
    [5, 6],
    [0, 1],
  ] as const) {
    const made = (bytes: number) => frame(`20 0${size}`, [0, bytes, Buffer.alloc(bytes)])
    assert.is((await plain(made(size))).length, size)
    await rejectsWith('invalid-argument', plain(made(wrong)))
  }
})

test('BW-06: of a bomb no more is decoded than its consumer takes, in pieces of at most 128 KiB', async () => {
  // 4 bytes for each 128 KiB.
  const bomb = frame(
    '00 78',
    ...Array.from({ length: 100_000 }, () => [1, 131_072, Buffer.from('x')] as [1, number, Buffer]),
  )
  const budget = new MemoryBudget(MEMORY)
  let taken = 0
  for await (const chunk of decompress(cut(bomb, [bomb.length]), budget)) {
    assert.ok(chunk.length <= 128 * 1024)
    taken += chunk.length
    if (taken > MIB) break
  }
  budget.take(MEMORY)
})

test('GEN-02: when all memory is in use, more is refused until some is given back', async () => {
  const budget = new MemoryBudget(4 * MIB)
  const large = frame(
    '00 78',
    ...Array.from({ length: 24 }, () => [1, 131_072, Buffer.from('x')] as [1, number, Buffer]),
  )
  const small = compress(Buffer.from('small'))
  const held = decompress(cut(large, [large.length]), budget)
  for (let n = 0; n < 16; n++) await held.next()
  await rejectsWith('resource-exhausted', collect(decompress(cut(large, [large.length]), budget)))
  assert.is((await collect(decompress(cut(small, [small.length]), budget))).toString(), 'small')
  await held.return(undefined)
  assert.is((await collect(decompress(cut(large, [large.length]), budget))).length, 24 * 131_072)
  budget.take(4 * MIB)
})

test('GEN-06: however frames are garbled, the answer is a refusal or other content, never a fault of ours', async () => {
  const seeds = [wordy(3000), wordy(70_000), contents['words and noise by turns'] as Buffer, Buffer.alloc(5000)]
  const frames = seeds.flatMap((seed) => [1, 9, 19].map((level) => compress(seed, level)))
  for (let round = 0; round < 600; round++) {
    const garbled = Buffer.from(frames[round % frames.length] as Uint8Array)
    // Headers and tables are where the decisions are: half of the hits go to the first bytes.
    const places = randomBytes(12)
    for (let n = 0; n <= round % 3; n++) {
      const span = (places[n] as number) < 128 ? Math.min(60, garbled.length) : garbled.length
      garbled[places.readUInt16LE(n * 2 + 2) % span] = places[11 - n] as number
    }
    for (const decoder of decoders) {
      let size = 0
      try {
        for await (const chunk of decompress(cut(garbled, [garbled.length]), new MemoryBudget(MEMORY), decoder)) {
          size += chunk.length
          if (size > 4 * MIB) break
        }
      } catch (error) {
        if (!(error instanceof GoregoError)) throw new Error(`${error} for ${garbled.toString('base64')}`)
        assert.is(error.code, 'invalid-argument')
      }
    }
  }
})

test('other work gets its turn, however small the frames are', async () => {
  const frames = Buffer.concat(Array.from({ length: 5000 }, () => compress(Buffer.from('x'))))
  let turns = 0
  let done = false
  const count = () => {
    turns++
    if (!done) setImmediate(count)
  }
  setImmediate(count)
  assert.is((await plain(frames)).length, 5000)
  done = true
  assert.ok(turns > 100, `${turns} turns`)
})

test.run()
