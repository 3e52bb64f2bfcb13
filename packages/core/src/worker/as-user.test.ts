import { execFile } from 'node:child_process'
import { chmodSync, chownSync, readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { debianProgram } from '@gorego/test-setup/debian-program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { temporaryDirectory } from '../testing/temporary-directory.js'

const program = fileURLToPath(new URL('../../test/fixtures/run-as-user.ts', import.meta.url))
const NOBODY = 65534

/** The directory for temporary files may be one that was made for this run, and private. */
function letOthersPass(path: string): void {
  const { mode } = statSync(path)
  if ((mode & 0o001) === 0) chmodSync(path, mode | 0o001)
}

/** Whether an ordinary user gets to a file: a checkout may lie in a private directory. */
async function canRead(path: string): Promise<boolean> {
  const script = `require('node:fs').accessSync(${JSON.stringify(path)})`
  const attempt = promisify(execFile)(process.execPath, ['-e', script], { uid: NOBODY, gid: NOBODY, cwd: '/' })
  return await attempt.then(
    () => true,
    () => false,
  )
}

debianProgram('bwrap', 'bubblewrap')

/** Root may do what nobody else may: the other tests do not tell whether a worker gets by without. */
test('a worker that is not root cleans up what actions locked, and its store is as safe', async () => {
  const isRoot = process.getuid?.() === 0
  if (isRoot && !(await canRead(program))) {
    console.log(`SKIP as-user: this checkout is private to root, and user ${NOBODY} cannot run the sources`)
    return
  }
  using directory = temporaryDirectory()
  if (isRoot) {
    chownSync(directory.path, NOBODY, NOBODY)
    letOthersPass(dirname(directory.path))
  }
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, program], {
    env: { PATH: process.env.PATH, TMPDIR: directory.path },
    ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
  })
  const seen = JSON.parse(stdout)
  assert.is.not(seen.uid, 0)
  assert.is(seen.locked.code, undefined)
  assert.is(seen.after.stdout, 'root\n')
  assert.is(seen.refused.stdout, 'refused\nonly to be read', 'CM-12')
  assert.is(seen.forced.code, 'failed-precondition')
  assert.is(seen.again.stdout, 'altered\n')
  assert.is(seen.untouched.stdout, 'only to be read')
  assert.is(seen.lockedOutput.code, 'failed-precondition')
  assert.match(seen.lockedOutput.message, /"out" cannot be read/)
  assert.is(seen.lockedParent.code, 'failed-precondition')
  assert.is(seen.unreadableFile.code, undefined)
  assert.is(seen.lockedInputs.code, undefined, seen.lockedInputs.message)
  assert.is(seen.lockedInputs.stdout, 'in\nshut\nfull\n', 'CM-12')
  assert.is(seen.afterLockedInputs.stdout, '')
  assert.equal(seen.left, [])
  if (seen.sandbox.why !== undefined) console.log(`SKIP as-user, the sandbox: ${seen.sandbox.why}`)
  else {
    const kept = { inside: '/proc/self/fd/6 fresh loopback ', uid: String(seen.uid), refused: 'refused\n', left: [] }
    assert.equal(seen.sandbox, kept)
  }
  assert.equal(
    readdirSync(directory.path).filter((name) => name.startsWith('gorego')),
    [],
  )
})

test.run()
