// What of the machine a sandbox shows.
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { debianProgram } from '@gorego/test-setup/debian-program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LocalStore } from '../cas/index.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { whyNoBubblewrap } from '../testing/why-no-bubblewrap.js'
import { WorkerRig } from '../testing/worker-rig.js'
import { openSandbox } from './open-sandbox.js'

async function assertRefused(mount: string, why: RegExp): Promise<void> {
  const error = await WorkerRig.open({}, [mount]).catch((thrown) => thrown)
  assert.is(error.code, 'invalid-argument')
  assert.match(error.message, why)
}

debianProgram('bwrap', 'bubblewrap')
const whyNot = await whyNoBubblewrap()
if (whyNot !== undefined) {
  console.log(`SKIP sandbox-mounts: ${whyNot}`)
} else {
  test('more of the machine can be shown, but not the cache', async () => {
    using shown = temporaryDirectory()
    writeFileSync(join(shown.path, 'f'), 'shown')
    // What is below /tmp cannot be: actions have one of their own.
    if (shown.path.startsWith('/tmp/')) {
      await assertRefused(shown.path, /something of its own/)
    } else {
      await using own = await WorkerRig.open({}, [shown.path])
      assert.is((await own.sh(`cat ${shown.path}/f`)).stdout, 'shown')
    }
    await assertRefused('relative', /no absolute path/)
    await assertRefused('/', /something of its own/)
    await assertRefused('/no/such', /no such file/)
  })

  test('what the machine mounts later is seen, to be read only, and let go', async () => {
    if (process.getuid?.() !== 0) {
      console.log('SKIP sandbox, later mounts: only root can mount')
      return
    }
    const shown = mkdtempSync('/opt/gorego-test-')
    try {
      const fixture = fileURLToPath(new URL('../../test/fixtures/later-mount.ts', import.meta.url))
      // Where mounts are shared, as systemd has them, with nobody outside.
      const shared = ['--mount', '--propagation', 'shared', process.execPath, ...process.execArgv, fixture, shown]
      const { stdout } = await promisify(execFile)('unshare', [
        '--mount',
        '--propagation',
        'private',
        'unshare',
        ...shared,
      ])
      assert.equal(JSON.parse(stdout), { before: '', mounted: 'there\n', unmounted: '', left: [] })
    } finally {
      rmSync(shown, { recursive: true })
    }
  })

  test('a cache below what is shown is hidden', async () => {
    if (process.getuid?.() !== 0) {
      console.log('SKIP sandbox, a cache below /opt: only root can make one')
      return
    }
    const tools = mkdtempSync('/opt/gorego-test-')
    try {
      chmodSync(tools, 0o755)
      writeFileSync(join(tools, 'tool'), '#!/bin/sh\necho tool\n', { mode: 0o755 })
      using store = await LocalStore.open({ dir: join(tools, 'cache') })
      const sandbox = await openSandbox({ store, choice: 'bubblewrap' })
      await using own = await WorkerRig.open({ ...(sandbox && { sandbox }) })
      const { stdout } = await own.sh(`${tools}/tool; ls ${tools} ${tools}/cache; touch ${tools}/cache/f || echo no`)
      assert.is(stdout, `tool\n${tools}:\ncache\ntool\n\n${tools}/cache:\nno\n`)
      const mounts = [join(tools, 'cache', 'run')]
      const error = await openSandbox({ store, choice: 'auto', mounts }).catch((thrown) => thrown)
      assert.match(error.message, /keeps its cache/)
    } finally {
      rmSync(tools, { recursive: true })
    }
  })
}

test.run()
