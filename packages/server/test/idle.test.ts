// A server that somebody started because it was needed, and that goes when it is not.
import { healthPaths, run, shell } from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
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

test.run()
