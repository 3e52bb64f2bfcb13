import { randomUUID } from 'node:crypto'
import { emptyDigest, type reapi, SHA256 } from '@gorego/core'
import { blobOf, type TestBlob } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import {
  committed,
  failure,
  frameOfDictionary,
  frameOfWindow,
  isCode,
  isMissing,
  named,
  paths,
  read,
  skippableFrame,
  upload,
  write,
  writeRequest,
  writeRequests,
  zstdFrames,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const compressedWrite = new Cases((t) => t.needsZstd())
const { test } = compressedWrite

const MIB = 1024 * 1024
const TOO_MUCH = ['INVALID_ARGUMENT', 'OUT_OF_RANGE']

function nameOf(t: Tester, { digest }: Pick<TestBlob, 'digest'>): string {
  return named(t.client, `uploads/${randomUUID()}/compressed-blobs/zstd/${digest}`)
}

/** The requests of an upload of these compressed bytes. */
function requests(t: Tester, blob: Pick<TestBlob, 'digest'>, bytes: Uint8Array, chunkSize = 64 * 1024) {
  return writeRequests({ bytes }, { name: nameOf(t, blob), chunkSize })
}

async function isStored(t: Tester, blob: TestBlob): Promise<void> {
  assert.ok((await read(t.client, blob.digest)).equals(blob.bytes), 'what is read is something else')
}

async function refusal(t: Tester, blob: Pick<TestBlob, 'digest'>, all: Iterable<reapi.WriteRequest>) {
  const failed = await failure(write(t.client, all))
  assert.ok(await isMissing(t.client, blob), 'it is there although it was refused')
  return failed
}

test('RN-03, BW-03: a blob is written compressed, in pieces of any length', async (t) => {
  for (const [size, chunkSize] of [
    [1, 1],
    [500, 1],
    [300_000, 1000],
    [3 * MIB, MIB],
  ] as const) {
    const blob = t.blob(size)
    // Offsets count what was sent.
    await write(t.client, requests(t, blob, zstdFrames(blob.bytes), chunkSize))
    await isStored(t, blob)
  }
})

test('BW-07, CL-20: any number of frames, sized or not, with empty and skippable ones between them', async (t) => {
  const halves = (bytes: Uint8Array) => [bytes.subarray(0, 70_000), bytes.subarray(70_000)] as const
  const empty = zstdFrames(Buffer.alloc(0))
  const streams: readonly ((bytes: Uint8Array) => Buffer)[] = [
    (bytes) => zstdFrames(bytes, { frames: 7 }),
    (bytes) => zstdFrames(bytes, { sized: true }),
    (bytes) => Buffer.concat(halves(bytes).map((half, n) => zstdFrames(half, { sized: n === 1 }))),
    (bytes) => Buffer.concat([skippableFrame(Buffer.from('skip me')), zstdFrames(bytes)]),
    (bytes) => Buffer.concat(halves(bytes).flatMap((half) => [empty, zstdFrames(half)])),
    (bytes) => Buffer.concat([zstdFrames(bytes), empty, skippableFrame(Buffer.alloc(100))]),
  ]
  for (const [n, stream] of streams.entries()) {
    const blob = t.blob(200_000 + n)
    await write(t.client, requests(t, blob, stream(blob.bytes)))
    await isStored(t, blob)
  }
})

test('BW-05: a frame that a real compressor made', async (t) => {
  const own = t.blob('before it: ')
  const blob = { bytes: Buffer.concat([own.bytes, SQUARES.bytes]) }
  const { digest } = blobOf(blob.bytes)
  await write(t.client, requests(t, { digest }, Buffer.concat([zstdFrames(own.bytes), SQUARES.compressed])))
  await isStored(t, { digest, ...blob })
})

test('BW-05, BW-15: what does not unfold to what the name says is refused', async (t) => {
  for (const size of [100, MIB]) {
    const blob = t.blob(size)
    const wrong = blob.bytes.map((byte) => byte ^ 1)
    isCode(await refusal(t, blob, requests(t, blob, zstdFrames(wrong))), 'INVALID_ARGUMENT', 'other bytes')
    const short = zstdFrames(blob.bytes.subarray(1))
    isCode(await refusal(t, blob, requests(t, blob, short)), 'INVALID_ARGUMENT', 'one byte short')
    const long = zstdFrames(Buffer.concat([blob.bytes, Buffer.from('!')]))
    isCode(await refusal(t, blob, requests(t, blob, long)), TOO_MUCH, 'one byte long')
  }
})

test('BW-06: a few bytes that unfold into very many are given up soon', async (t) => {
  const blob = t.blob('small')
  const bomb = zstdFrames(Buffer.alloc(128 * MIB))
  assert.ok(bomb.length < 64 * 1024)
  isCode(await refusal(t, blob, requests(t, blob, bomb)), TOO_MUCH)
})

test('BW-07: what is no zstd, or breaks off, is refused', async (t) => {
  const blob = t.blob(100_000)
  const whole = zstdFrames(blob.bytes)
  for (const [about, bytes] of [
    ['as it is', blob.bytes],
    ['nonsense', Buffer.from('nonsense')],
    ['only a magic number', whole.subarray(0, 4)],
    ['the last byte is missing', whole.subarray(0, -1)],
    ['half of it', whole.subarray(0, whole.length / 2)],
    ['nonsense after it', Buffer.concat([whole, Buffer.from('nonsense')])],
    ['a second frame that breaks off', Buffer.concat([whole, whole.subarray(0, 6)])],
    ['a frame that asks for a dictionary', frameOfDictionary(blob.bytes)],
  ] as const) {
    isCode(await refusal(t, blob, requests(t, blob, bytes)), 'INVALID_ARGUMENT', about)
  }
  await write(t.client, requests(t, blob, whole))
  await isStored(t, blob)
})

test('BW-07: a frame that asks for a window of terabytes does no harm', async (t) => {
  const blob = t.blob('windows')
  const window = frameOfWindow(blob.bytes, 31)
  const outcome = await write(t.client, requests(t, blob, window)).catch((error: { code: number }) => error)
  if (typeof outcome === 'object') isCode(await failure(Promise.reject(outcome)), 'INVALID_ARGUMENT')
  else await isStored(t, blob)
  await write(t.client, requests(t, t.blob('after it'), zstdFrames(t.blob('after it').bytes)))
})

test('BW-03, BW-02: later offsets add up the compressed lengths', async (t) => {
  const blob = t.blob('offsets')
  const bytes = zstdFrames(blob.bytes)
  for (const offset of [0, 9, 11, -1]) {
    const all = [
      writeRequest({ name: nameOf(t, blob), data: bytes.subarray(0, 10) }),
      writeRequest({ offset, data: bytes.subarray(10), finish: true }),
    ]
    isCode(await refusal(t, blob, all), TOO_MUCH, String(offset))
  }
})

test('BW-04: without finish_write nothing is stored, although it unfolds to the whole blob', async (t) => {
  const blob = t.blob('unfinished')
  const all = [writeRequest({ name: nameOf(t, blob), data: zstdFrames(blob.bytes) })]
  await write(t.client, all).catch(() => {})
  assert.ok(await isMissing(t.client, blob))
})

test('BW-08, CL-12: for a blob that is there the answer is −1, at the first message', async (t) => {
  const blob = t.blob(MIB)
  await upload(t.client, blob)
  const open = t.client.clientStream(paths.write)
  const bytes = zstdFrames(blob.bytes)
  await open.send(writeRequest({ name: nameOf(t, blob), data: bytes.subarray(0, 100) }))
  assert.is(await committed(open), -1)
  assert.is(await write(t.client, requests(t, blob, bytes)), -1)
})

test('CL-12: committed_size is one of those that some client takes', async (t) => {
  const blob = t.blob(1000)
  const bytes = zstdFrames(blob.bytes)
  const size = await write(t.client, requests(t, blob, bytes))
  assert.ok([bytes.length, blob.bytes.length, -1].includes(size), `${size}`)
})

test('BW-10, CL-12: it is the compressed count where nothing is known of the client', async (t) => {
  const blob = t.blob(1000)
  const bytes = zstdFrames(blob.bytes)
  assert.is(await write(t.client, requests(t, blob, bytes)), bytes.length)
})

test('BW-11: of many who write one blob at once, compressed and not, all succeed', async (t) => {
  const blob = t.blob(2 * MIB)
  const writers = Array.from({ length: 8 }, async (_, n) => {
    if (n % 2 === 0) return await upload(t.client, blob, 50_000 * (n + 1))
    return await write(t.client, requests(t, blob, zstdFrames(blob.bytes, { frames: n }), 50_000 * n))
  })
  await Promise.all(writers)
  await isStored(t, blob)
})

test('BW-14: the empty blob may be compressed', async (t) => {
  const empty = { digest: emptyDigest(SHA256) }
  await write(t.client, requests(t, empty, zstdFrames(Buffer.alloc(0))))
})

/** 40 lines, and what zstd made of them at level 19, with a checksum. */
const SQUARES = {
  bytes: Buffer.from(Array.from({ length: 40 }, (_, n) => `line ${n} of ${n * n}\n`).join('')),
  compressed: Buffer.from(
    'KLUv/WRIAYUEAFLIEw/A6zQY/xkQSZJMMv33zhugemkb8zaev/Z+5UQzUfa0NGNxtKPjfce1V3TtWrSermHi+P3aezpvdqslqgrTx/S4' +
      '/Xovp7lVQISSgggEmRNOqBCQ7L4B0EvWEDDMejEvDkpnL5strc53wXqqq8rWaiuVCQz1j/eApqLkl10EWRBj3B5hejR4whjPgL9ICmpc' +
      '2n8=',
    'base64',
  ),
}
