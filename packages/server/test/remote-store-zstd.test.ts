// Blobs that go between two servers compressed.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { CorruptBlobError, content, GoregoError, reapi, SHA256 } from '@gorego/core'
import { blobOf, blobOfSize, casContract, collect, FakeClock, inChunks, rejectsWith } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { availableCompressors } from '../src/compression/available-compressors.js'
import { agreeOnCompression } from '../src/upstream/agree-on-compression.js'
import { AgreedCompression } from '../src/upstream/agreed-compression.js'
import { AnnouncedCapabilities } from '../src/upstream/announced-capabilities.js'
import { Channel } from '../src/upstream/channel.js'
import { RemoteExecutor } from '../src/upstream/remote-executor.js'
import { RemoteStore } from '../src/upstream/remote-store.js'
import { FakeUpstream } from './fake-upstream.js'
import { ServerRig } from './server-rig.js'
import { compressed, ZSTD } from './zstd-blobs.js'

const cacheOnly = { execution: { enabled: false } }

casContract(test, {
  name: 'RemoteStore, zstd',
  fn: SHA256,
  async open() {
    const rig = await ServerRig.start({ ...cacheOnly, localCache: { maxSizeGb: 0.05 } })
    const channel = await Channel.connect(rig.server.address)
    const compression = agreeOnCompression({
      capabilities: AnnouncedCapabilities.of(channel, 'some/instance'),
      compression: 'zstd',
    })
    return {
      cas: new RemoteStore(channel, 'some/instance', compression),
      async close() {
        channel[Symbol.dispose]()
        await rig.stop()
      },
    }
  },
})

/** A store in front of a server that does what the options say. */
async function against(options: Parameters<typeof FakeUpstream.start>[0]) {
  const upstream = await FakeUpstream.start(options)
  const channel = await Channel.connect(upstream.target)
  const changes: (string | undefined)[] = []
  const compression = agreeOnCompression({
    capabilities: AnnouncedCapabilities.of(channel, ''),
    compression: 'zstd',
    onChange: (compressor) => changes.push(compressor?.name),
  })
  return {
    upstream,
    changes,
    store: new RemoteStore(channel, '', compression),
    async [Symbol.asyncDispose]() {
      channel[Symbol.dispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

const corrupt = (error: unknown) => error instanceof CorruptBlobError

test('what is sent and asked for is compressed, but small blobs and parts of blobs are not', async () => {
  const large = blobOf(Buffer.alloc(1_000_000, 'abc'))
  const small = blobOf('small')
  const packed = await compressed(large.bytes)
  await using it = await against({
    compressors: [ZSTD],
    sends: (name) => [
      name.includes('compressed-blobs/zstd')
        ? packed
        : name.includes(small.digest.hash)
          ? small.bytes
          : large.bytes.subarray(10, 20),
    ],
  })
  assert.ok(Buffer.from(await it.store.get(large.digest)).equals(large.bytes))
  assert.ok(Buffer.from(await it.store.get(small.digest)).equals(small.bytes))
  assert.ok(
    (await collect(it.store.read(large.digest, { offset: 10, length: 10 }))).equals(large.bytes.subarray(10, 20)),
  )
  await it.store.write(large.digest, inChunks(large.bytes, 1000))
  await it.store.write(small.digest, small.bytes)
  assert.equal(
    it.upstream.names.map((name) => name.replace(/uploads\/[^/]+\//, '')),
    [
      `compressed-blobs/zstd/${large.digest}`,
      `blobs/${small.digest}`,
      `blobs/${large.digest}`,
      `compressed-blobs/zstd/${large.digest}`,
      `blobs/${small.digest}`,
    ],
  )
  assert.equal(it.changes, ['zstd'])
})

test('content that is not the blob goes nowhere compressed either', async () => {
  await using it = await against({ compressors: [ZSTD], sends: () => [] })
  const { digest } = blobOfSize(10_000, 'one')
  await rejectsWith('invalid-argument', it.store.write(digest, inChunks(blobOfSize(10_000, 'another').bytes, 1000)))
  assert.equal(it.changes, ['zstd'], 'that says nothing of the server')
})

const blob = blobOf(Buffer.alloc(300_000, 'x'))

for (const [what, sends] of Object.entries({
  'bytes that are no zstd': async () => [Buffer.from('no zstd at all')],
  'a frame that is cut short': async () => [(await compressed(blob.bytes)).subarray(0, -3)],
  'half of the blob': async () => [await compressed(blob.bytes.subarray(0, 150_000))],
  'another blob': async () => [await compressed(Buffer.alloc(300_000, 'y'))],
  'something behind the end': async () => [await compressed(blob.bytes), Buffer.from('more')],
  'a bomb': async () => [await compressed(Buffer.alloc(64_000_000))],
  'a bomb of many frames': async () => Array(200).fill(await compressed(Buffer.alloc(300_000, 'x'))),
  nothing: async () => [],
})) {
  test(`a server that sends ${what} is found out, and no more is decompressed than was asked for`, async () => {
    const chunks = await sends()
    await using it = await against({ compressors: [ZSTD], sends: () => chunks })
    let came = 0
    const read = async () => {
      for await (const chunk of it.store.read(blob.digest)) came += chunk.length
    }
    await read().catch((error) => assert.ok(corrupt(error), String(error)))
    assert.ok(came <= blob.bytes.length, `${came} bytes came`)
    assert.ok(corrupt(await it.store.get(blob.digest).catch((error) => error)))
    assert.equal(it.changes, ['zstd'], 'that is no refusal')
  })
}

test('a server that does not offer zstd is sent and asked for blobs as they are', async () => {
  await using it = await against({ compressors: [], sends: () => [blob.bytes] })
  assert.ok(Buffer.from(await it.store.get(blob.digest)).equals(blob.bytes))
  await it.store.write(blob.digest, blob.bytes)
  assert.not(it.upstream.names.some((name) => name.includes('compressed')))
  assert.equal(it.changes, [undefined])
})

test('a server that refuses what it offers is read without, and written to without when it is tried again', async () => {
  const sends = (name: string) => (name.includes('compressed') ? undefined : [blob.bytes])
  {
    await using it = await against({ compressors: [ZSTD], sends })
    assert.ok(Buffer.from(await it.store.get(blob.digest)).equals(blob.bytes))
    assert.equal(it.changes, ['zstd', undefined])
  }
  await using it = await against({ compressors: [ZSTD], sends })
  await rejectsWith('aborted', it.store.write(blob.digest, blob.bytes))
  await it.store.write(blob.digest, blob.bytes)
  assert.equal(it.changes, ['zstd', undefined])
})

/** Compression with a server that answers when a test says so. */
function agreedWith(clock: FakeClock) {
  const asked: ((said: readonly number[] | GoregoError) => void)[] = []
  const changes: (string | undefined)[] = []
  const ask = () =>
    new Promise<reapi.ServerCapabilities>((resolve, reject) => {
      asked.push((said) => {
        if (said instanceof GoregoError) return reject(said)
        const cache = new reapi.CacheCapabilities().setSupportedCompressorsList([...said] as reapi.CompressorValue[])
        resolve(new reapi.ServerCapabilities().setCacheCapabilities(cache))
      })
    })
  const agreed = new AgreedCompression({
    compressors: availableCompressors({ debug() {}, info() {}, warn() {}, error() {} }),
    capabilities: new AnnouncedCapabilities({ ask, clock }),
    clock,
    onChange: (compressor) => changes.push(compressor?.name),
  })
  const current = async () => (await agreed.current())?.name
  return { agreed, asked, changes, current }
}

test('a server is asked again after a minute, and who comes meanwhile does not wait', async () => {
  const clock = new FakeClock()
  const { asked, changes, current } = agreedWith(clock)
  const first = [current(), current()]
  asked[0]?.([ZSTD])
  assert.equal(await Promise.all(first), ['zstd', 'zstd'])
  clock.advance(59_999)
  assert.is(await current(), 'zstd')
  assert.is(asked.length, 1)
  clock.advance(1)
  assert.is(await current(), 'zstd')
  assert.is(await current(), 'zstd')
  assert.is(asked.length, 2)
  asked[1]?.(new GoregoError('unavailable', 'away'))
  await nextTurn()
  assert.is(await current(), 'zstd')
  assert.is(asked.length, 3)
  asked[2]?.(new GoregoError('unimplemented', 'what is that'))
  await nextTurn()
  assert.is(await current(), undefined)
  assert.is(asked.length, 3)
  assert.equal(changes, ['zstd', undefined])
})

test('what a server refused is not tried for a minute, whatever it says that it can', async () => {
  const clock = new FakeClock()
  const { agreed, asked, changes, current } = agreedWith(clock)
  const first = current()
  asked[0]?.([ZSTD])
  assert.is(await first, 'zstd')
  agreed.refused(new GoregoError('invalid-argument', 'no such name'))
  clock.advance(59_999)
  assert.is(await current(), undefined)
  clock.advance(1)
  assert.is(await current(), 'zstd')
  assert.equal(changes, ['zstd', undefined, 'zstd'])
})

test('while nothing is known of a server, what goes wrong is told, and the next asks again', async () => {
  const { asked, current } = agreedWith(new FakeClock())
  const first = current()
  asked[0]?.(new GoregoError('unavailable', 'away'))
  await rejectsWith('unavailable', first)
  const second = current()
  asked[1]?.([])
  assert.is(await second, undefined)
})

test('a RemoteExecutor compresses what it sends and reads, if it is told to', async () => {
  await using rig = await ServerRig.start()
  await using executor = await RemoteExecutor.connect(rig.server.address, { compression: 'zstd' })
  const { bytes } = blob
  const result = await executor.run({
    argv: ['/bin/sh', '-c', 'cat in in > out'],
    env: { PATH: '/usr/bin:/bin' },
    inputs: { in: content(bytes) },
    outputs: ['out'],
  })
  assert.is(result.exitCode, 0)
  const { digest } = blobOf(Buffer.concat([bytes, bytes]))
  assert.is((await executor.store.get(digest)).length, 600_000)
})

test.run()
