// A server that somebody started because it was needed, and that goes when it is not. What comes of the time is src/idle-watch.test.ts.
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import {
  execute,
  failure,
  findMissing,
  Gate,
  healthPaths,
  lastOf,
  paths,
  shell,
  until,
  uploadAction,
  uploadName,
} from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf, temporaryDirectory } from '@gorego/core/testing'
import { Metadata } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from './eventually.js'
import { ServerRig } from './server-rig.js'

const isUsed = async ({ server }: ServerRig) => (await server.idleMs()) === 0

for (const frontEnds of [1, 2]) {
  test(`a call is a use of it for as long as it lasts, whoever watches its health: front ends ${frontEnds}`, async () => {
    using gates = temporaryDirectory()
    await using rig = await ServerRig.start({ idleTimeout: 1, frontEnds })
    const watching = rig.client.serverStream(healthPaths.watch, new reapi.HealthCheckRequest())
    watching.on('error', () => {})
    await once(watching, 'data')
    await eventually(async () => !(await isUsed(rig)))
    const gate = new Gate(gates.path)
    const running = execute(rig.client, (await uploadAction(rig.client, shell(gate.wait))).digest)
    await until(running, reapi.ExecutionStage.Value.EXECUTING)
    assert.ok(await isUsed(rig))
    await gate.open()
    await lastOf(running)
    await eventually(async () => !(await isUsed(rig)))
    await rig.server.idle
  })
}

test('requests to the cache over HTTP are a use of it, a scrape is none', async () => {
  await using rig = await ServerRig.start({
    idleTimeout: 1,
    http: { listenAddr: '127.0.0.1:0', cache: true },
    frontEnds: 1,
  })
  const origin = `http://${rig.server.httpAddress}`
  const { digest, bytes } = blobOf('slow')
  const upload = request(`${origin}/cas/${digest.hash}`, {
    method: 'PUT',
    headers: { 'content-length': bytes.length },
  })
  const answered = once(upload, 'response')
  upload.write(bytes.subarray(0, 1))
  await eventually(() => isUsed(rig))
  upload.end(bytes.subarray(1))
  const [response] = (await answered) as [IncomingMessage]
  assert.is(Math.floor((response.statusCode ?? 0) / 100), 2)
  response.resume()
  await eventually(async () => !(await isUsed(rig)))
  const scrapes = setInterval(() => void fetch(`${origin}/metrics`).catch(() => {}), 100)
  await rig.server.idle
  clearInterval(scrapes)
})

test('who watches the status page does not use the server', async () => {
  await using rig = await ServerRig.start({ idleTimeout: 1, http: { listenAddr: '127.0.0.1:0' }, frontEnds: 1 })
  const watching = request(`http://${rig.server.httpAddress}/events`)
  const answered = once(watching, 'response')
  watching.end()
  const [events] = (await answered) as [IncomingMessage]
  await once(events, 'data')
  assert.not(await isUsed(rig))
  await rig.server.idle
  assert.not(events.readableEnded, 'still watches')
  watching.destroy()
})

test('requests that are refused are no use, and do not hide one', async () => {
  using files = temporaryDirectory()
  const tokensFile = join(files.path, 'tokens')
  const token = 'alice-token-of-some-length'
  writeFileSync(tokensFile, `alice ${token}\n`, { mode: 0o600 })
  await using rig = await ServerRig.start({
    idleTimeout: 1,
    auth: { tokensFile, htpasswdFile: undefined, permissions: [] },
    http: { listenAddr: '127.0.0.1:0', cache: true },
    frontEnds: 1,
  })
  const refusedCall = async () => assert.is((await failure(findMissing(rig.client, []))).code, 'UNAUTHENTICATED')
  await refusedCall()
  assert.not(await isUsed(rig))
  const metadata = new Metadata()
  metadata.set('authorization', `Bearer ${token}`)
  const upload = rig.client.clientStream(paths.write, { metadata })
  await upload.send(new reapi.WriteRequest().setResourceName(uploadName(rig.client, blobOf('slow').digest)))
  await eventually(() => isUsed(rig))
  await refusedCall()
  assert.ok(await isUsed(rig))
  upload.cancel()
  const { hash } = blobOf('x').digest
  const refused = setInterval(() => void fetch(`http://${rig.server.httpAddress}/cas/${hash}`).catch(() => {}), 100)
  await rig.server.idle
  clearInterval(refused)
})

test.run()
