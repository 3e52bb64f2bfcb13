// Who runs a server's actions where nobody has said it. What each choice means, the tests of core ask.
import { chmodSync, existsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execute, filesOf, lastOf, read, shell, stdoutOf, uploadAction } from '@gorego/conformance/client'
import { type ActionMessages, blobOf, temporaryDirectory, whyNoBubblewrap } from '@gorego/core/testing'
import { debianProgram } from '@gorego/test-setup/debian-program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Config, loadConfig } from '../src/config/index.js'
import { ServerRig } from './server-rig.js'

const isRoot = process.geteuid?.() === 0

/** No user that a system gives out, and nobody in /etc/passwd, has such a number. */
const FIRST_UNPRIVILEGED = 1_879_048_192

/** Another file system than that of temporary files, on a Linux. */
const ELSEWHERE = '/dev/shm'

/** The rig has root run actions unless it is told otherwise: this is what a server does that nobody has told anything. */
async function defaultChoice(): Promise<Config['execution']['runAs']> {
  const surroundings = { env: {}, cwd: '/', home: '/', platform: process.platform }
  return (await loadConfig({ surroundings })).config.execution.runAs
}

async function startedBy(execution: Partial<Config['execution']>, directory: string): Promise<ServerRig> {
  return await ServerRig.start({ directory, execution: { runAs: await defaultChoice(), ...execution } })
}

/** What a script prints, and the files that it makes. */
async function ran(rig: ServerRig, script: string, messages: ActionMessages = {}) {
  const { digest } = await uploadAction(rig.client, shell(script, messages))
  const seen = await lastOf(execute(rig.client, digest))
  const [stdout, files] = [await stdoutOf(rig.client, seen), await filesOf(rig.client, seen)]
  return { lines: stdout.trimEnd().split('\n'), files }
}

/** As a directory for a server is: others may pass through it and what is above. */
function passable(parent = tmpdir()) {
  const directory = temporaryDirectory(parent)
  for (const path of [parent, directory.path]) {
    const { mode } = statSync(path)
    if ((mode & 0o011) !== 0o011) chmodSync(path, mode | 0o011)
  }
  return directory
}

const deviceOf = (path: string) => statSync(path).dev

if (!isRoot) {
  console.log('SKIP run_as: not root, and nobody else can have actions run as another user')
  test('a server of somebody who is not root runs actions as that user', async () => {
    using directory = temporaryDirectory()
    await using rig = await startedBy({}, directory.path)
    assert.equal((await ran(rig, 'id -u')).lines, [String(process.geteuid?.())])
  })
} else {
  debianProgram('bwrap', 'bubblewrap')
  const noBubblewrap = await whyNoBubblewrap()
  if (noBubblewrap !== undefined) console.log(`SKIP run_as in a sandbox: ${noBubblewrap}`)
  const sandboxes = noBubblewrap === undefined ? (['none', 'bubblewrap'] as const) : (['none'] as const)

  for (const sandbox of sandboxes) {
    test(`sandbox ${sandbox}: root's server has actions run by nobody, unless told otherwise`, async () => {
      using directory = passable()
      await using rig = await startedBy({ sandbox }, directory.path)
      const [uid, gid] = (await ran(rig, 'id -u; id -g')).lines
      assert.ok(Number(uid) >= FIRST_UNPRIVILEGED, uid)
      assert.is(gid, uid)
      assert.is(rig.server.runAs?.perSlot, sandbox === 'none')
      assert.equal(rig.complaints, [])
    })

    test(`sandbox ${sandbox}: so it is with a build root on another file system, where inputs are copies`, async () => {
      if (!existsSync(ELSEWHERE) || deviceOf(ELSEWHERE) === deviceOf(tmpdir()))
        return console.log(`SKIP a build root elsewhere: ${ELSEWHERE} is no other file system than ${tmpdir()}`)
      using directory = passable()
      using buildRoot = passable(ELSEWHERE)
      await using rig = await startedBy({ sandbox, buildRoot: buildRoot.path }, directory.path)
      const text = 'as it came\n'
      const script =
        'id -u; stat -c %d .; (chmod u+w in/deep && echo altered > in/deep) 2>/dev/null; cp in/deep out/deep'
      const messages = { inputs: { in: { directory: { deep: text } } }, outputPaths: ['out/deep'] }
      const { lines, files } = await ran(rig, script, messages)
      const [uid, device] = lines
      assert.ok(Number(uid) >= FIRST_UNPRIVILEGED, uid)
      assert.is(Number(device), deviceOf(buildRoot.path))
      // CM-12: nor is it altered in the store.
      assert.equal(files, { 'out/deep': text })
      assert.is((await read(rig.client, blobOf(text).digest)).toString(), text)
      assert.equal(rig.complaints, [])
    })
  }

  test('where nobody else gets to the directory, it is root, and the log says why and what to do', async () => {
    using outer = temporaryDirectory()
    await using rig = await startedBy({ sandbox: 'none' }, join(outer.path, 'cache'))
    assert.equal((await ran(rig, 'id -u')).lines, ['0'])
    assert.is(rig.server.runAs, undefined)
    const [complaint, ...more] = rig.complaints
    assert.equal(more, [])
    assert.match(complaint?.message ?? '', 'actions are run by root')
    assert.match(String(complaint?.fields.why), `it may not pass through ${outer.path}`)
  })
}

test.run()
