// The HTTP port beside gRPC's: metrics for Prometheus, and what tells a supervisor how the server is.
import {
  execute,
  failure,
  findMissing,
  Gate,
  getResult,
  lastOf,
  read,
  run,
  shell,
  store,
  until,
  uploadAction,
} from '@gorego/conformance/client'
import { GoregoError, reapi } from '@gorego/core'
import { blobOf, blobOfSize, HANG_BOUND_MS, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scrape } from './scrape.js'
import { type RigOptions, ServerRig } from './server-rig.js'

const HTTP = { listenAddr: '127.0.0.1:0' }

const gates = temporaryDirectory()
test.after(() => gates[Symbol.dispose]())

const startRig = (options: RigOptions = {}) => ServerRig.start({ http: HTTP, ...options })

const ask = (rig: ServerRig, path: string, init?: RequestInit) => fetch(`http://${rig.server.httpAddress}${path}`, init)

const requests = (method: string, status: string) =>
  `gorego_cache_requests_total{method="${method}",tier="local",status="${status}"}`

test('what clients did is counted, by what came of it', async () => {
  await using rig = await startRig()
  const [there, absent] = [blobOf('there'), blobOf('absent')]
  await store(rig.client, there)
  await read(rig.client, there.digest)
  await failure(read(rig.client, absent.digest))
  await findMissing(rig.client, [there.digest, absent.digest, blobOf('absent, too').digest])
  const metrics = await scrape(rig)
  assert.is(metrics.get(requests('write', 'stored')), 1)
  assert.is(metrics.get(requests('get', 'hit')), 1)
  assert.is(metrics.get(requests('get', 'miss')), 1)
  assert.ok((metrics.get(requests('find_missing', 'miss')) ?? 0) >= 2)
  assert.is(metrics.get('gorego_grpc_calls_total{method="ByteStream/Read",outcome="ok"}'), 1)
  assert.is(metrics.get('gorego_grpc_calls_total{method="ByteStream/Read",outcome="not-found"}'), 1)
  assert.is(metrics.get('gorego_grpc_call_seconds_count{method="ByteStream/Read"}'), 2)
  assert.is(metrics.get('gorego_blob_size_bytes_sum{method="write"}'), there.digest.sizeBytes)
  assert.is(metrics.get('gorego_blobs'), 1)
  assert.is(metrics.get('gorego_disk_limit_bytes'), 1e9)
  assert.ok((metrics.get('gorego_disk_usage_bytes') ?? 0) >= there.digest.sizeBytes)
  assert.ok((metrics.get('process_resident_memory_bytes') ?? 0) > 1e6)
})

test('operations: their outcome, their stages, and what is under way just now', async () => {
  await using rig = await startRig()
  const gate = new Gate(gates.path)
  const action = await uploadAction(rig.client, shell(`${gate.wait}; echo done`))
  const running = execute(rig.client, action.digest)
  await until(running, reapi.ExecutionStage.Value.EXECUTING)
  const waiting = execute(rig.client, (await uploadAction(rig.client, shell('exit 3'))).digest)
  await until(waiting, reapi.ExecutionStage.Value.QUEUED)
  const before = await scrape(rig)
  assert.equal(
    ['gorego_queue_depth', 'gorego_slots_busy', 'gorego_slots'].map((name) => before.get(name)),
    [1, 1, 1],
  )
  await gate.open()
  await lastOf(running)
  await lastOf(waiting)
  await run(rig.client, action)
  await getResult(rig.client, action.digest)
  await failure(getResult(rig.client, blobOf('no action').digest))
  const after = await scrape(rig)
  assert.is(after.get('gorego_operations_total{outcome="ok",cached="false"}'), 2)
  assert.is(after.get('gorego_operations_total{outcome="ok",cached="true"}'), 1)
  assert.is(after.get('gorego_operation_stage_seconds_count{stage="executing"}'), 2)
  assert.is(after.get(requests('get_result', 'hit')), 1)
  assert.is(after.get(requests('get_result', 'miss')), 1)
  assert.equal(
    ['gorego_queue_depth', 'gorego_slots_busy'].map((name) => after.get(name)),
    [0, 0],
  )
})

test('actions: what they took in the slot, and how their inputs came there, once however many wait', async () => {
  await using rig = await startRig()
  const gate = new Gate(gates.path)
  // A mode of its own makes a file a copy.
  const mode = new reapi.NodeProperties().setUnixMode(new reapi.UInt32Value().setValue(0o640))
  const inputs = {
    linked: { content: 'x'.repeat(10_000) },
    copied: { content: 'y'.repeat(3_000), properties: mode },
  }
  const action = await uploadAction(rig.client, shell(gate.wait, { inputs }))
  const [one, other] = [execute(rig.client, action.digest), execute(rig.client, action.digest)]
  for (const each of [one, other]) await until(each, reapi.ExecutionStage.Value.EXECUTING)
  await gate.open()
  for (const each of [one, other]) await lastOf(each)
  await run(rig.client, action)
  const metrics = await scrape(rig)
  assert.equal(
    ['linked', 'copied'].map((how) => metrics.get(`gorego_staging_bytes_total{how="${how}"}`)),
    [10_000, 3_000],
  )
  for (const stage of ['stage', 'run', 'collect']) {
    assert.is(metrics.get(`gorego_action_stage_seconds_count{stage="${stage}"}`), 1, stage)
  }
})

test('evictions', async () => {
  await using rig = await startRig({ localCache: { maxSizeGb: 0.001, graceSeconds: 0 } })
  for (let n = 0; n < 4; n++) await store(rig.client, blobOfSize(400_000, n))
  assert.ok(((await scrape(rig)).get('gorego_janitor_evictions_total') ?? 0) >= 2)
})

test('what several front ends counted is added up', async () => {
  await using rig = await startRig({ frontEnds: 2 })
  using other = rig.connect()
  await store(rig.client, blobOf('one'))
  await store(other, blobOf('two'))
  const metrics = await scrape(rig)
  assert.is(metrics.get(requests('write', 'stored')), 2)
  assert.is(metrics.get('gorego_blobs'), 2)
})

test('every metric says what it is', async () => {
  await using rig = await startRig()
  await store(rig.client, blobOf('x'))
  const text = await (await ask(rig, '/metrics')).text()
  const own = new Set([...text.matchAll(/^# TYPE (gorego_\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`))
  for (const name of [
    'gorego_cache_requests_total counter',
    'gorego_cache_latency_seconds histogram',
    'gorego_blob_size_bytes histogram',
    'gorego_disk_usage_bytes gauge',
    'gorego_janitor_evictions_total counter',
  ]) {
    assert.ok(own.has(name), name)
  }
  for (const each of own) assert.match(text, new RegExp(`^# HELP ${each.split(' ')[0]} \\S+ \\S+`, 'm'))
})

test('healthz and readyz: alive until the end, ready until it is to stop', async () => {
  await using rig = await startRig()
  const gate = new Gate(gates.path)
  const status = async (path: string) => (await ask(rig, path)).status
  assert.equal([await status('/healthz'), await status('/readyz')], [200, 200])
  const running = execute(rig.client, (await uploadAction(rig.client, shell(gate.wait))).digest)
  await until(running, reapi.ExecutionStage.Value.EXECUTING)
  const stopped = rig.server.stop({ drainMs: HANG_BOUND_MS })
  assert.equal([await status('/healthz'), await status('/readyz')], [200, 503])
  await gate.open()
  await lastOf(running)
  await stopped
  try {
    await status('/healthz')
    assert.unreachable()
  } catch (error) {
    assert.instance(error, TypeError)
  }
})

test('what is not served is told apart; nothing is kept by whoever asks', async () => {
  await using rig = await startRig()
  const lost = await ask(rig, '/../etc/passwd?x=/metrics')
  assert.is(lost.status, 404)
  assert.match(await lost.text(), /there is \/metrics, \/healthz, \/readyz/)
  assert.is((await ask(rig, '/__proto__')).status, 404)
  const posted = await ask(rig, '/metrics', { method: 'POST', body: 'x' })
  assert.equal([posted.status, posted.headers.get('allow')], [405, 'GET, HEAD'])
  const head = await ask(rig, '/healthz', { method: 'HEAD' })
  assert.equal([head.status, head.headers.get('content-length'), await head.text()], [200, '3', ''])
  assert.is(head.headers.get('cache-control'), 'no-store')
})

test('without an address nothing is served, and nothing counted', async () => {
  await using rig = await ServerRig.start()
  assert.is(rig.server.httpAddress, undefined)
})

test('an address that is taken is told with the setting that gave it, and the server does not start', async () => {
  await using rig = await startRig()
  const listenAddr = rig.server.httpAddress ?? ''
  try {
    await ServerRig.start({ http: { listenAddr } })
    assert.unreachable()
  } catch (error) {
    assert.ok(error instanceof GoregoError && error.code === 'unavailable')
    assert.match((error as Error).message, /something listens there already.*http\.listen_addr/)
  }
})

test('a unix socket does as well', async () => {
  await using rig = await startRig({ http: { listenAddr: `unix:${gates.path}/http.sock` } })
  assert.is(rig.server.httpAddress, `unix:${gates.path}/http.sock`)
})

test.run()
