// A server that somebody started because it was needed, and that goes when it is not.
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { healthPaths, run, shell } from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

for (const frontEnds of [1, 2]) {
  test(`it is idle some time after the last call, whoever watches its health: front ends ${frontEnds}`, async () => {
    await using rig = await ServerRig.start({ idleTimeout: 1, frontEnds })
    let isIdle = false
    void rig.server.idle.then(() => {
      isIdle = true
    })
    const watching = rig.client.serverStream(healthPaths.watch, new reapi.HealthCheckRequest())
    watching.on('error', () => {})
    await new Promise((resolve) => watching.once('data', resolve))
    // Longer than the time.
    await run(rig.client, shell('sleep 1.5'))
    assert.not(isIdle)
    await rig.server.idle
  })
}

test('requests to the cache over HTTP are a use of it, a scrape is none', async () => {
  await using rig = await ServerRig.start({
    idleTimeout: 1,
    http: { listenAddr: '127.0.0.1:0', cache: true },
    frontEnds: 1,
  })
  let isIdle = false
  void rig.server.idle.then(() => {
    isIdle = true
  })
  const origin = `http://${rig.server.httpAddress}`
  const { digest, bytes } = blobOf('slow')
  const upload = request(`${origin}/cas/${digest.hash}`, {
    method: 'PUT',
    headers: { 'content-length': bytes.length },
  })
  const answered = once(upload, 'response')
  upload.write(bytes.subarray(0, 1))
  // Longer than the time.
  await sleep(1500)
  upload.end(bytes.subarray(1))
  const [response] = (await answered) as [IncomingMessage]
  assert.is(Math.floor((response.statusCode ?? 0) / 100), 2)
  response.resume()
  assert.not(isIdle)
  const scrapes = setInterval(() => void fetch(`${origin}/metrics`).catch(() => {}), 100)
  await rig.server.idle
  clearInterval(scrapes)
})

test.run()
