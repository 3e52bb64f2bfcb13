import {
  execute,
  failure,
  Gate,
  healthPaths,
  lastOf,
  type RawClient,
  shell,
  until,
  uploadAction,
} from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { HANG_BOUND_MS, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = reapi.HealthCheckResponse.ServingStatus
const V2 = 'build.bazel.remote.execution.v2'

const gates = temporaryDirectory()
test.after(() => gates[Symbol.dispose]())

const requestFor = (service: string) => new reapi.HealthCheckRequest().setService(service)

async function check(client: RawClient, service = ''): Promise<number> {
  const bytes = await client.unary(healthPaths.check, requestFor(service))
  return reapi.HealthCheckResponse.deserializeBinary(bytes).getStatus()
}

async function* watch(client: RawClient, service = ''): AsyncGenerator<number> {
  for await (const bytes of client.serverStream(healthPaths.watch, requestFor(service))) {
    yield reapi.HealthCheckResponse.deserializeBinary(bytes as Buffer).getStatus()
  }
}

test('the server and each of its services are SERVING; others are not there', async () => {
  await using rig = await ServerRig.start()
  for (const service of ['', `${V2}.Execution`, `${V2}.Capabilities`, 'google.bytestream.ByteStream']) {
    assert.is(await check(rig.client, service), SERVING, service)
  }
  for (const service of ['nobody', `${V2}.Exec`, `/${V2}.Execution`]) {
    assert.is((await failure(rig.client.unary(healthPaths.check, requestFor(service)))).code, 'NOT_FOUND', service)
  }
  const list = reapi.HealthListResponse.deserializeBinary(
    await rig.client.unary('/grpc.health.v1.Health/List', new reapi.HealthListRequest()),
  ).getStatusesMap()
  assert.is(list.get('')?.getStatus(), SERVING)
  assert.is(list.get(`${V2}.Execution`)?.getStatus(), SERVING)
})

test('CP-01: a server that only caches has no Execution to ask about', async () => {
  await using rig = await ServerRig.start({ execution: { enabled: false } })
  const { code } = await failure(rig.client.unary(healthPaths.check, requestFor(`${V2}.Execution`)))
  assert.is(code, 'NOT_FOUND')
})

test('from the moment it is to stop it is NOT_SERVING, while what runs is finished', async () => {
  await using rig = await ServerRig.start()
  const gate = new Gate(gates.path)
  const running = execute(rig.client, (await uploadAction(rig.client, shell(gate.wait))).digest)
  await until(running, reapi.ExecutionStage.Value.EXECUTING)
  const watching = watch(rig.client, `${V2}.Execution`)
  const stranger = watch(rig.client, 'nobody')
  assert.equal([(await watching.next()).value, (await stranger.next()).value], [SERVING, SERVICE_UNKNOWN])
  const stopped = rig.server.stop({ drainMs: HANG_BOUND_MS })
  assert.is((await watching.next()).value, NOT_SERVING)
  assert.is(await check(rig.client), NOT_SERVING)
  const ends = [watching, stranger].map((each) => failure(each))
  await gate.open()
  assert.is((await lastOf(running)).code, reapi.RpcCode.OK)
  for (const { code } of await Promise.all(ends)) assert.is(code, 'UNAVAILABLE')
  await stopped
})

test('who watches an idle server holds nothing up', async () => {
  await using rig = await ServerRig.start({ execution: { enabled: false } })
  const watching = watch(rig.client)
  assert.is((await watching.next()).value, SERVING)
  const rest: number[] = []
  const end = failure(
    (async () => {
      for await (const status of watching) rest.push(status)
    })(),
  )
  await rig.server.stop()
  assert.is((await end).code, 'UNAVAILABLE')
  assert.equal(rest, [NOT_SERVING])
})

test('GEN-07: a client that stops watching leaves nothing behind', async () => {
  await using rig = await ServerRig.start({ execution: { enabled: false }, logLevel: 'debug' })
  const client = rig.connect()
  const calls = Array.from({ length: 50 }, () => client.serverStream(healthPaths.watch, requestFor('')))
  for (const call of calls) {
    call.on('error', () => {})
    await new Promise((resolve) => call.once('data', resolve))
    call.cancel()
  }
  client[Symbol.dispose]()
  const ended = () => rig.log.filter(({ message }) => message === healthPaths.watch)
  while (ended().length < calls.length) await check(rig.client)
  assert.ok(ended().every(({ fields }) => fields.outcome === 'cancelled'))
})

test.run()
