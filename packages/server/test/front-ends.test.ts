import { run, shell } from '@gorego/conformance/client'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

test('an action runs', async () => {
  await using rig = await ServerRig.start({ frontEnds: 2 })
  assert.is(rig.server.frontEndPids.length, 2)
  const { code } = await run(rig.client, shell('echo hello'))
  assert.is(code, 0)
})

test.run()
