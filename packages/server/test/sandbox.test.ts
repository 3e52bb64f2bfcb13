// The setting, the platform property and the start, with bubblewrap itself. What a sandbox is, the tests of core ask.
import { execFileSync } from 'node:child_process'
import { altered, execute, lastOf, shell, stdoutOf, uploadAction } from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { whyNoBubblewrap } from '@gorego/core/testing'
import { debianProgram } from '@gorego/test-setup/debian-program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type RigOptions, ServerRig } from './server-rig.js'

const SCRIPT = 'pwd; wc -l < /proc/net/dev'

/** What the script prints, if an action asks for a network like this. */
async function printed(rig: ServerRig, network?: string): Promise<string> {
  const properties = network === undefined ? [] : [new reapi.Platform.Property().setName('network').setValue(network)]
  const action = altered(shell(SCRIPT), {
    action: (message) => message.setPlatform(new reapi.Platform().setPropertiesList(properties)),
  })
  const { digest } = await uploadAction(rig.client, action)
  return await stdoutOf(rig.client, await lastOf(execute(rig.client, digest)))
}

debianProgram('bwrap', 'bubblewrap')
const whyNot = await whyNoBubblewrap()
if (whyNot !== undefined) {
  console.log(`SKIP sandbox: ${whyNot}`)
} else {
  for (const frontEnds of [1, 2]) {
    test(`with ${frontEnds} front ends, actions run in the sandbox, and have the network if they ask`, async () => {
      const options: RigOptions = { frontEnds, execution: { sandbox: 'auto', platformPolicy: 'strict' } }
      await using rig = await ServerRig.start(options)
      assert.is(rig.server.sandbox, 'bubblewrap')
      // Two lines of headings, and the loopback.
      assert.equal([await printed(rig), await printed(rig, 'off')], ['/build\n3\n', '/build\n3\n'])
      const [root, interfaces] = (await printed(rig, 'on')).split('\n')
      assert.is(root, '/build')
      assert.is(interfaces, execFileSync('sh', ['-c', SCRIPT]).toString().split('\n')[1])
      assert.equal(rig.complaints, [])
    })
  }
}

test('what cannot be shown to actions keeps a server from starting, and it leaves nothing', async () => {
  const execution = { sandbox: 'bubblewrap', sandboxMounts: ['/no/such/tools'] } as const
  const error = await ServerRig.start({ execution }).catch((thrown) => thrown)
  assert.is(error.code, 'invalid-argument')
  assert.match(error.message, /"\/no\/such\/tools" \(execution\.sandbox_mounts\)/)
})

test('a server says that there is none', async () => {
  await using rig = await ServerRig.start({ execution: { sandbox: 'none' } })
  assert.is(rig.server.sandbox, 'none')
})

test.run()
