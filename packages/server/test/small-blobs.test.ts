// Small blobs on their way to and from another server: together, and each with its own fate.
import { CorruptBlobError, GoregoError, MD5, reapi, SHA256 } from '@gorego/core'
import { blobOf, blobOfSize, casContract, collect, rejectsWith, type TestBlob } from '@gorego/core/testing'
import { status } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { agreeOnCompression } from '../src/upstream/agree-on-compression.js'
import { AnnouncedCapabilities } from '../src/upstream/announced-capabilities.js'
import { Channel } from '../src/upstream/channel.js'
import { RemoteStore } from '../src/upstream/remote-store.js'
import { SmallBlobs } from '../src/upstream/small-blobs.js'
import { watchedCalls } from '../src/upstream/watched-calls.js'
import { FakeUpstream, type FakeUpstreamOptions } from './fake-upstream.js'
import { ServerRig } from './server-rig.js'
import { compressed, ZSTD } from './zstd-blobs.js'

const cacheOnly = { execution: { enabled: false } }

type Compression = 'none' | 'zstd'

/** A store in front of a server, and how often each method was called there. */
async function storeOf(target: string, compression: Compression = 'none', instance = '') {
  const channel = await Channel.connect(target)
  const calls: Record<string, number> = {}
  let sentBytes = 0
  const caller = watchedCalls(channel, {
    sent(bytes) {
      sentBytes += bytes
    },
    received() {},
    ended(method, code) {
      calls[`${method} ${code}`] = (calls[`${method} ${code}`] ?? 0) + 1
    },
  })
  const capabilities = AnnouncedCapabilities.of(caller, instance)
  const agreed = await agreeOnCompression({ capabilities, compression })
  const smallBlobs = new SmallBlobs({ caller, instance, capabilities, compression: agreed })
  return {
    store: new RemoteStore(caller, instance, agreed, smallBlobs),
    calls,
    sentBytes: () => sentBytes,
    [Symbol.dispose]: () => channel[Symbol.dispose](),
  }
}

const some = (count: number, about = 'blob') => Array.from({ length: count }, (_, n) => blobOf(`${about} ${n}`))

const writeAll = (store: RemoteStore, blobs: readonly TestBlob[]) =>
  Promise.allSettled(blobs.map(({ digest, bytes }) => store.write(digest, bytes)))

const codes = (settled: readonly PromiseSettledResult<unknown>[]) =>
  settled.map((each) => (each.status === 'fulfilled' ? 'ok' : GoregoError.from(each.reason).code))

/** What a server says that takes and has everything, but for what a test says of single blobs. */
function updated(
  request: reapi.BatchUpdateBlobsRequest,
  fateOf: (hash: string) => status | undefined = () => status.OK,
) {
  const response = new reapi.BatchUpdateBlobsResponse()
  for (const entry of request.getRequestsList()) {
    const code = fateOf(entry.getDigest()?.getHash() ?? '')
    if (code === undefined) continue
    const fate = new reapi.BatchUpdateBlobsResponse.Response().setDigest(entry.getDigest())
    response.addResponses(fate.setStatus(new reapi.RpcStatus().setCode(code)))
  }
  return response
}

const sentIn = (request: reapi.BatchUpdateBlobsRequest) =>
  request.getRequestsList().reduce((sum, entry) => sum + entry.getData_asU8().length, 0)

const upstream = (options: Partial<FakeUpstreamOptions> & Partial<NonNullable<FakeUpstreamOptions['batches']>>) =>
  FakeUpstream.start({
    compressors: [],
    sends: () => [Buffer.from('streamed')],
    ...options,
    batches: {
      maxBytes: 0,
      update: (request) => updated(request),
      read: () => status.UNIMPLEMENTED,
      ...options,
    },
  })

for (const compression of ['none', 'zstd'] as const) {
  casContract(test, {
    name: `RemoteStore, small blobs together, ${compression}`,
    fn: SHA256,
    async open() {
      const rig = await ServerRig.start({ ...cacheOnly, localCache: { maxSizeGb: 0.05 } })
      const it = await storeOf(rig.server.address, compression, 'some/instance')
      return {
        cas: it.store,
        async close() {
          it[Symbol.dispose]()
          await rig.stop()
        },
      }
    },
  })

  test(`what is on its way at one moment goes in few calls, large blobs by themselves: ${compression}`, async () => {
    await using rig = await ServerRig.start(cacheOnly)
    using it = await storeOf(rig.server.address, compression)
    const blobs = [...some(300), blobOf(Buffer.alloc(60_000, 'text ')), blobOfSize(500_000, 'large')]
    assert.equal(new Set(codes(await writeAll(it.store, blobs))), new Set(['ok']))
    assert.is(it.calls['ByteStream/Write ok'], 1)
    const updates = it.calls['ContentAddressableStorage/BatchUpdateBlobs ok'] ?? 0
    assert.ok(updates >= 1 && updates <= 6, `${updates} calls`)
    if (compression === 'zstd') assert.ok(it.sentBytes() < 580_000, `${it.sentBytes()} bytes`)
    const got = await Promise.all(blobs.map(({ digest }) => collect(it.store.read(digest))))
    for (const [n, { bytes }] of blobs.entries()) assert.ok(got[n]?.equals(bytes))
    assert.is(it.calls['ByteStream/Read ok'], 1)
    assert.ok((it.calls['ContentAddressableStorage/BatchReadBlobs ok'] ?? 0) <= 6)
    assert.is(it.calls['Capabilities/GetCapabilities ok'], 1)
    await rejectsWith('not-found', collect(it.store.read(blobOf('absent').digest)))
  })
}

test('a gorego that refuses some blobs takes the others', async () => {
  // 20 kB are more than it has room for.
  await using rig = await ServerRig.start({
    ...cacheOnly,
    localCache: { maxSizeGb: 0.000_015, minFreeGb: 0, graceSeconds: 0 },
  })
  using it = await storeOf(rig.server.address)
  const [first, tooLarge, last] = [blobOf('first'), blobOfSize(20_000, 'too large'), blobOf('last')]
  const fates = codes(await writeAll(it.store, [first, tooLarge, last]))
  assert.equal([fates[0], fates[2]], ['ok', 'ok'])
  assert.is(fates[1], 'invalid-argument')
  assert.is(it.calls['ContentAddressableStorage/BatchUpdateBlobs ok'], 1)
  assert.equal(await it.store.findMissing([first.digest, tooLarge.digest, last.digest]), [tooLarge.digest])
})

test('each blob has its own fate; one of which nothing is said is to be tried again', async () => {
  const blobs = some(4)
  const fates = new Map(
    [status.OK, status.UNAVAILABLE, status.PERMISSION_DENIED, undefined].map((code, n) => [
      blobs[n]?.digest.hash,
      code,
    ]),
  )
  await using behind = await upstream({ update: (request) => updated(request, (hash) => fates.get(hash)) })
  using it = await storeOf(behind.target)
  assert.equal(codes(await writeAll(it.store, blobs)), ['ok', 'unavailable', 'permission-denied', 'aborted'])
  assert.equal(behind.names, [])
})

test('a batch has no more bytes than the server says, and a blob that is larger goes by itself', async () => {
  const sizes: number[] = []
  await using behind = await upstream({
    maxBytes: 2_000,
    update: (request) => {
      sizes.push(sentIn(request))
      return updated(request)
    },
  })
  using it = await storeOf(behind.target)
  const blobs = [
    ...Array.from({ length: 20 }, (_, n) => blobOfSize(500, `of 500 bytes ${n}`)),
    blobOfSize(3_000, 'too large'),
  ]
  assert.equal(new Set(codes(await writeAll(it.store, blobs))), new Set(['ok']))
  assert.is(
    sizes.reduce((sum, size) => sum + size, 0),
    10_000,
  )
  for (const size of sizes) assert.ok(size <= 2_000, String(size))
  assert.is(behind.names.length, 1)
})

test('a server without batches is sent each blob by itself, and not asked for batches again', async () => {
  await using behind = await FakeUpstream.start({ compressors: [], sends: () => [Buffer.from('streamed')] })
  using it = await storeOf(behind.target)
  for (let n = 0; n < 3; n++) assert.equal(codes(await writeAll(it.store, some(5, `round ${n}`))), Array(5).fill('ok'))
  assert.is(behind.names.length, 15)
  assert.is(it.calls['ContentAddressableStorage/BatchUpdateBlobs unimplemented'], 1)
  const blob = blobOf('streamed')
  assert.is(String(await it.store.get(blob.digest)), 'streamed')
  assert.is(it.calls['ContentAddressableStorage/BatchReadBlobs unimplemented'], undefined)
})

test('a batch that is refused because of one in it is no harm to the others', async () => {
  const bad = blobOf('bad')
  await using behind = await upstream({
    update: (request) =>
      request.getRequestsList().some((entry) => entry.getDigest()?.getHash() === bad.digest.hash)
        ? status.INVALID_ARGUMENT
        : updated(request),
    sends: (name) => (name.includes(bad.digest.hash) ? undefined : []),
  })
  using it = await storeOf(behind.target)
  assert.equal(codes(await writeAll(it.store, [blobOf('a'), bad, blobOf('b')])), ['ok', 'invalid-argument', 'ok'])
  assert.equal(codes(await writeAll(it.store, some(3))), ['ok', 'ok', 'ok'])
  assert.is(behind.names.length, 3, 'and the next batch is one again')
})

test('a server that does not answer a batch fails all of it with one error', async () => {
  await using behind = await upstream({ update: () => status.UNAVAILABLE })
  using it = await storeOf(behind.target)
  const settled = await writeAll(it.store, some(3))
  assert.equal(codes(settled), ['unavailable', 'unavailable', 'unavailable'])
  assert.is(new Set(settled.map((each) => each.status === 'rejected' && each.reason)).size, 1)
  assert.equal(behind.names, [])
})

test('who leaves leaves the others alone; when all have left, the call is called off', async () => {
  const never = new Promise<never>(() => {})
  let answers: 'some' | 'none' = 'some'
  await using behind = await upstream({ update: (request) => (answers === 'some' ? updated(request) : never) })
  using it = await storeOf(behind.target)
  const [leaver, stayer] = [blobOf('leaver'), blobOf('stayer')]
  const leaving = new AbortController()
  const left = it.store.write(leaver.digest, leaver.bytes, leaving.signal)
  const stayed = it.store.write(stayer.digest, stayer.bytes)
  leaving.abort(new GoregoError('cancelled', 'left'))
  await rejectsWith('cancelled', left)
  await stayed
  answers = 'none'
  const both = new AbortController()
  const gone = [leaver, stayer].map(({ digest, bytes }) => it.store.write(digest, bytes, both.signal))
  both.abort(new GoregoError('cancelled', 'both left'))
  assert.equal(codes(await Promise.allSettled(gone)), ['cancelled', 'cancelled'])
})

test('DIG-06: blobs of two digest functions go in batches of their own', async () => {
  const functions: number[] = []
  await using behind = await upstream({
    update: (request) => {
      functions.push(request.getDigestFunction())
      return updated(request)
    },
  })
  using it = await storeOf(behind.target)
  const blobs = [...some(3), ...some(3).map(({ bytes }) => blobOf(bytes, MD5))]
  assert.equal(new Set(codes(await writeAll(it.store, blobs))), new Set(['ok']))
  assert.equal(functions.sort(), [SHA256.value, MD5.value].sort())
})

test('RD-03: blobs come compressed where that was asked for; a bomb, garbage and what nobody asked for do not get through', async () => {
  const blob = blobOf('again and again '.repeat(1000))
  const bomb = await compressed(Buffer.alloc(64_000_000))
  const packed = await compressed(blob.bytes)
  const cases = [
    ['zstd', packed, ZSTD, blob.bytes],
    ['zstd', blob.bytes, 0, blob.bytes],
    ['zstd', bomb, ZSTD, 'corrupt'],
    ['zstd', Buffer.from('garbage'), ZSTD, 'corrupt'],
    // By itself, then.
    ['none', packed, ZSTD, Buffer.from('streamed')],
  ] as const
  for (const [compression, data, compressor, expected] of cases) {
    const accepted: number[][] = []
    await using behind = await upstream({
      compressors: [ZSTD],
      read: (request) => {
        accepted.push(request.getAcceptableCompressorsList())
        const [digest] = request.getDigestsList()
        const entry = new reapi.BatchReadBlobsResponse.Response().setDigest(digest).setData(data)
        entry.setCompressor(compressor as reapi.CompressorValue)
        return new reapi.BatchReadBlobsResponse().setResponsesList([entry])
      },
    })
    using it = await storeOf(behind.target, compression)
    const came = await collect(it.store.read(blob.digest)).catch((error: Error) => error)
    if (expected === 'corrupt') assert.instance(came, CorruptBlobError)
    else assert.is(came instanceof Error ? came.message : String(came), String(expected))
    assert.equal(accepted, [compression === 'zstd' ? [ZSTD] : []])
  }
})

test.run()
