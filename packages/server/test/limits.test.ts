// What one client may have under way, so that it cannot starve the others.
import { rejects } from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import {
  type CallFailure,
  execute,
  failure,
  Gate,
  healthPaths,
  lastOf,
  paths,
  type RawClient,
  type RawUpload,
  shell,
  until,
  uploadAction,
} from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf, temporaryDirectory } from '@gorego/core/testing'
import { Metadata } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadConfig } from '../src/config/index.js'
import { Certificates, whyNoOpenssl } from './certificates.js'
import { eventually } from './eventually.js'
import { type RigOptions, ServerRig } from './server-rig.js'

const { EXECUTING, QUEUED } = reapi.ExecutionStage.Value

const LIST = '/grpc.health.v1.Health/List'

const files = temporaryDirectory()
test.after(() => files[Symbol.dispose]())
const tokensFile = join(files.path, 'tokens')
const tokenOf = (name: string) => `${name}-token-of-some-length`
writeFileSync(tokensFile, ['alice', 'bob'].map((name) => `${name} ${tokenOf(name)}\n`).join(''), { mode: 0o600 })
const auth = { tokensFile, htpasswdFile: undefined, permissions: [] }

function as(name: string | undefined, headers: Readonly<Record<string, string>> = {}): { metadata: Metadata } {
  const metadata = new Metadata()
  for (const [header, value] of Object.entries(headers)) metadata.set(header, value)
  if (name !== undefined) metadata.set('authorization', `Bearer ${tokenOf(name)}`)
  return { metadata }
}

const ask = (client: RawClient, name?: string) =>
  client.unary(paths.findMissingBlobs, new reapi.FindMissingBlobsRequest(), as(name))

/** How a call is refused; undefined where it is not. */
async function refusal(call: Promise<unknown>): Promise<CallFailure | undefined> {
  return await call.then(
    () => undefined,
    (error) => failure(Promise.reject(error)),
  )
}

/** An upload that sends nothing: a call that stays. Resolves when the client that makes it may make no more. */
async function fill(client: RawClient, calls: number, name?: string): Promise<RawUpload[]> {
  const uploads = Array.from({ length: calls }, () => client.clientStream(paths.write, as(name)))
  await eventually(async () => (await refusal(ask(client, name)))?.code === 'RESOURCE_EXHAUSTED')
  return uploads
}

const start = (options: RigOptions) => ServerRig.start({ limits: { calls: 2, queueShare: 1 }, ...options })

for (const frontEnds of [1, 2]) {
  test(`a client that has its limit is refused until one of its calls ends, others are served: front ends ${frontEnds}`, async () => {
    await using rig = await start({ auth, frontEnds })
    const { client } = rig
    const uploads = await fill(client, 2, 'alice')
    const refused = await refusal(ask(client, 'alice'))
    assert.match(refused?.message ?? '', /^this client has 2 calls under way, as many as limits\.calls allows/)
    const [detail] = refused?.status?.getDetailsList() ?? []
    assert.match(detail?.getTypeUrl() ?? '', 'google.rpc.RetryInfo')
    // Through the same connection.
    assert.is(await refusal(ask(client, 'bob')), undefined)
    uploads[0]?.cancel()
    await eventually(async () => (await refusal(ask(client, 'alice'))) === undefined)
    uploads[1]?.cancel()
  })

  test(`the actions of one client take no more than its share of the queue: front ends ${frontEnds}`, async () => {
    const permissions = (['read', 'write', 'execute'] as const).map((permission) => ({
      name: 'anonymous',
      permission,
      instance: undefined,
    }))
    const limits = { calls: 0, queueShare: 0.5 }
    await using rig = await start({ auth: { ...auth, permissions }, frontEnds, limits, execution: { queueSize: 2 } })
    using other = rig.connect()
    const begin = async (client: RawClient, name: string, script: string, header = '') => {
      const { digest } = await uploadAction(client, shell(script))
      return execute(client, digest, as(name, { 'gorego-client': header }))
    }
    const gate = new Gate(files.path)
    const running = await begin(rig.client, 'alice', gate.wait)
    await until(running, EXECUTING)
    const waiting = await begin(rig.client, 'alice', 'echo 1')
    await until(waiting, QUEUED)
    const refused = await failure(await begin(rig.client, 'alice', 'echo 2'))
    assert.is(refused.code, 'RESOURCE_EXHAUSTED')
    assert.match(refused.message, /^1 actions of this client wait .* limits\.queue_share/)
    assert.match(refused.status?.getDetailsList()[0]?.getTypeUrl() ?? '', 'google.rpc.RetryInfo')
    // Neither through another connection, nor by saying that it is somebody else.
    assert.is((await failure(await begin(other, 'alice', 'echo 2', 'name bob'))).code, 'RESOURCE_EXHAUSTED')
    const others = await begin(other, 'bob', 'echo 3')
    await until(others, QUEUED)
    await gate.open()
    for (const stream of [running, waiting, others, await begin(other, 'alice', 'echo 2')])
      assert.is((await lastOf(stream)).response.getStatus()?.getCode() ?? 0, 0)
  })
}

test('where there are no limits, nothing comes of what a client calls itself', async () => {
  await using rig = await ServerRig.start()
  const { digest } = await uploadAction(rig.client, shell('true'))
  for (const header of ['%', 'x'.repeat(4000)])
    assert.is((await lastOf(execute(rig.client, digest, as(undefined, { 'gorego-client': header })))).code, 0, header)
})

test('who has no name is known by the address, over gRPC and HTTP together', async () => {
  await using rig = await start({ http: { listenAddr: '127.0.0.1:0', cache: true }, frontEnds: 1 })
  using second = rig.connect()
  const uploads = await fill(rig.client, 2)
  assert.is((await refusal(ask(second)))?.code, 'RESOURCE_EXHAUSTED')
  const { hostname, port } = new URL(`http://${rig.server.httpAddress}`)
  const status = (path: string, localAddress: string) =>
    new Promise((resolve, reject) => {
      const asked = request({ hostname, port, path, localAddress, agent: false }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      asked.on('error', reject).end()
    })
  const path = `/cas/${blobOf('x').digest.hash}`
  assert.equal([await status(path, '127.0.0.1'), await status('/healthz', '127.0.0.1')], [503, 200])
  // Only Linux has all of 127.0.0.0/8 without further ado.
  if (process.platform === 'linux') assert.is(await status(path, '127.0.0.2'), 404)
  for (const upload of uploads) upload.cancel()
  await eventually(async () => (await status(path, '127.0.0.1')) === 404)
  assert.is(await refusal(ask(second)), undefined)
})

test('who asks whether the server is well is not refused; who goes on watching counts', async () => {
  await using rig = await start({ auth, frontEnds: 1 })
  const health = new reapi.HealthCheckRequest()
  const watching = Array.from({ length: 2 }, () => rig.client.serverStream(healthPaths.watch, health))
  for (const stream of watching) stream.on('error', () => {})
  await Promise.all(watching.map((stream) => new Promise((resolve) => stream.once('data', resolve))))
  assert.is((await failure(rig.client.serverStream(healthPaths.watch, health))).code, 'RESOURCE_EXHAUSTED')
  await rig.client.unary(healthPaths.check, health)
  for (const stream of watching) stream.cancel()
  await eventually(async () => (await refusal(rig.client.unary(LIST, new Uint8Array(0)))) === undefined)
})

test('each connection through a Unix socket is a client of its own', async () => {
  await using rig = await start({ listenAddr: `unix:${join(files.path, 'socket')}`, frontEnds: 1 })
  using second = rig.connect()
  const uploads = await fill(rig.client, 2)
  assert.is(await refusal(ask(second)), undefined)
  for (const upload of uploads) upload.cancel()
  await eventually(async () => (await refusal(ask(rig.client))) === undefined)
})

test('a limit that is no number, and a share that is none, are refused with the key', async () => {
  const load = (key: string, value: string) =>
    loadConfig({ surroundings: { env: { [key]: value }, cwd: '/', home: '/', platform: process.platform } })
  for (const value of ['0', '1.5', 'half'])
    await rejects(load('GOREGO_LIMITS_QUEUE_SHARE', value), /a number above 0 and up to 1/)
  await rejects(load('GOREGO_LIMITS_CALLS', '-1'), /a whole number of calls, 0 or more/)
  const { config } = await load('GOREGO_LIMITS_QUEUE_SHARE', '0.5')
  assert.equal(config.limits, { calls: 0, queueShare: 0.5, inFlightMb: 0 })
})

const reason = whyNoOpenssl()
if (reason !== undefined) console.log(`skipped: ${reason}`)
else {
  test('addresses are known behind TLS, too', async () => {
    using certificates = new Certificates()
    const tls = { ...certificates.sign('server'), clientCaFile: undefined, clientCerts: 'required' as const }
    await using rig = await start({ tls, frontEnds: 2 })
    using first = rig.connect({ credentials: certificates.client() })
    const uploads = await fill(first, 2)
    // One of two goes to the process that the first is connected to.
    using second = rig.connect({ credentials: certificates.client() })
    using third = rig.connect({ credentials: certificates.client() })
    const codes = [await refusal(ask(second)), await refusal(ask(third))].map((refused) => refused?.code)
    assert.ok(codes.includes('RESOURCE_EXHAUSTED'), String(codes))
    for (const upload of uploads) upload.cancel()
  })
}

test.run()
