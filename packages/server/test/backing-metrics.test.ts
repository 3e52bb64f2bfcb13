// What /metrics and the status page say of the cache behind.
import { join } from 'node:path'
import { failure, findMissing, read, store, upload } from '@gorego/conformance/client'
import { blobOf, blobOfSize, HANG_BOUND_MS, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from './eventually.js'
import { scrape } from './scrape.js'
import { type RigOptions, ServerRig } from './server-rig.js'

const cacheOnly = { execution: { enabled: false }, http: { listenAddr: '127.0.0.1:0' } }

const startRig = (target: string, backingCache: RigOptions['backingCache'] = {}, options: RigOptions = {}) =>
  ServerRig.start({
    ...cacheOnly,
    backingCache: { target, timeout: HANG_BOUND_MS / 1000, ...backingCache },
    ...options,
  })

async function backingLine(rig: ServerRig) {
  const response = await fetch(`http://${rig.server.httpAddress}/api/status`)
  return ((await response.json()) as { backing?: Record<string, unknown> }).backing
}

for (const frontEnds of [1, 2]) {
  test(`${frontEnds} front ends: calls of the cache behind, and bytes to and from it, are counted`, async () => {
    await using behind = await ServerRig.start({ ...cacheOnly, frontEnds: 1 })
    const target = `grpc://${behind.server.address}`
    await using rig = await startRig(target, { required: true }, { frontEnds })
    const [sent, fetched, absent] = [
      blobOfSize(700_000, 'sent'),
      blobOfSize(500_000, 'fetched'),
      blobOfSize(100_000, 'absent'),
    ]
    await upload(rig.client, sent)
    await upload(behind.client, fetched)
    assert.equal(Buffer.from(await read(rig.client, fetched.digest)), Buffer.from(fetched.bytes))
    await failure(read(rig.client, absent.digest))
    const metrics = await scrape(rig)
    const calls = (method: string, code: string) =>
      metrics.get(`gorego_backing_calls_total{method="${method}",code="${code}"}`)
    assert.is(calls('ByteStream/Write', 'ok'), 1)
    assert.is(calls('ByteStream/Read', 'ok'), 1)
    assert.is(calls('ByteStream/Read', 'not-found'), 1)
    assert.ok((calls('ContentAddressableStorage/FindMissingBlobs', 'ok') ?? 0) >= 1)
    for (const [direction, size] of [
      ['sent', 700_000],
      ['received', 500_000],
    ] as const) {
      assert.is(metrics.get(`gorego_backing_blob_bytes_total{direction="${direction}"}`), size)
      const wire = metrics.get(`gorego_backing_wire_bytes_total{direction="${direction}"}`) ?? 0
      assert.ok(wire > size && wire < size + 10_000, `${wire} ${direction}`)
    }
    assert.is(metrics.get('gorego_backing_breaker_open'), 0)
    assert.is(metrics.get('gorego_backing_jobs_total{outcome="done"}'), 1)
    assert.is(metrics.get('gorego_backing_pending'), 0)
    assert.is(metrics.get('gorego_backing_pending_oldest_seconds'), 0)
    assert.equal(await backingLine(rig), { target, answers: true, pending: 0, pendingBytes: 0 })
  })
}

test('what goes compressed counts so on the wire', async () => {
  await using behind = await ServerRig.start({ ...cacheOnly })
  await using rig = await startRig(`grpc://${behind.server.address}`, { required: true, compression: 'zstd' })
  await upload(rig.client, blobOf(Buffer.alloc(1_000_000, 'x')))
  const metrics = await scrape(rig)
  assert.is(metrics.get('gorego_backing_blob_bytes_total{direction="sent"}'), 1_000_000)
  const wire = metrics.get('gorego_backing_wire_bytes_total{direction="sent"}') ?? 0
  assert.ok(wire > 0 && wire < 20_000, String(wire))
})

test('while it is away: what waits for it, since when, what was tried, and that it is left alone; nothing when it is back', async () => {
  using directory = temporaryDirectory()
  const target = `unix:${join(directory.path, 'behind')}`
  await using rig = await startRig(target, { putRetryCount: 1 }, { directory: join(directory.path, 'front') })
  const blobs = Array.from({ length: 7 }, (_, n) => blobOfSize(1_000, `waits ${n}`))
  const began = Date.now()
  await store(rig.client, ...blobs)
  // So many failures open the breaker, with the retry of each.
  for (let n = 0; n < 5; n++) await findMissing(rig.client, [blobOf(`asked ${n}`).digest])
  await eventually(async () => (await scrape(rig)).get('gorego_backing_breaker_open') === 1)
  const away = await scrape(rig)
  assert.is(away.get('gorego_backing_pending'), blobs.length)
  assert.is(away.get('gorego_backing_pending_bytes'), 7_000)
  const oldest = away.get('gorego_backing_pending_oldest_seconds') ?? 0
  assert.ok(oldest > 0 && oldest <= (Date.now() - began) / 1000, String(oldest))
  assert.ok((away.get('gorego_backing_retries_total{code="unavailable"}') ?? 0) >= 1)
  assert.ok((away.get('gorego_backing_breaker_opened_total') ?? 0) >= 1)
  const method = 'ContentAddressableStorage/FindMissingBlobs'
  assert.ok((away.get(`gorego_backing_calls_total{method="${method}",code="unavailable"}`) ?? 0) >= 5)
  const { since, ...line } = (await backingLine(rig)) ?? {}
  assert.equal(line, { target, answers: false, pending: 7, pendingBytes: 7_000 })
  assert.ok(Number(since) >= began && Number(since) <= Date.now())
  assert.equal((await backingLine(rig))?.since, since, 'a page that is open is told nothing while nothing happens')

  await using _behind = await ServerRig.start({
    ...cacheOnly,
    listenAddr: target,
    directory: join(directory.path, 'behind-dir'),
  })
  await eventually(async () => (await scrape(rig)).get('gorego_backing_pending') === 0)
  const back = await scrape(rig)
  assert.is(back.get('gorego_backing_breaker_open'), 0)
  assert.is(back.get('gorego_backing_jobs_total{outcome="done"}'), blobs.length)
  assert.is(back.get('gorego_backing_pending_bytes'), 0)
  assert.is(back.get('gorego_backing_pending_oldest_seconds'), 0)
})

test('without a cache behind, nothing is said of one', async () => {
  await using rig = await ServerRig.start(cacheOnly)
  assert.equal(
    [...(await scrape(rig)).keys()].filter((name) => name.startsWith('gorego_backing')),
    [],
  )
  assert.is(await backingLine(rig), undefined)
})

test.run()
