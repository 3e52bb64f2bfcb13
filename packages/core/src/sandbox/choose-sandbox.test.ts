import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { debianProgram } from '@gorego/test-setup/debian-program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GoregoError } from '../errors/index.js'
import { type LogFields, silentLogger } from '../observe/index.js'
import { trySandbox } from '../runner/index.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { whyNoBubblewrap } from '../testing/why-no-bubblewrap.js'
import { runnerProgram } from '../worker/runner-program.js'
import { type ChooseSandboxOptions, chooseSandbox } from './choose-sandbox.js'

const { launcher, sandboxInit: init } = runnerProgram()

function optionsFor(options: Partial<ChooseSandboxOptions>) {
  const warnings: LogFields[] = []
  const logger = { ...silentLogger, warn: (_: string, fields: LogFields = {}) => void warnings.push(fields) }
  const attempt = async () => {
    throw new GoregoError('internal', 'the kernel says no')
  }
  return { warnings, choice: 'auto', hidden: [], init, attempt, logger, ...options } as const
}

test('none is none, and nothing is tried', async () => {
  const { warnings, ...options } = optionsFor({ choice: 'none', mounts: ['nonsense'] })
  assert.is(await chooseSandbox(options), undefined)
  assert.equal(warnings, [])
})

test('auto goes on without one, and says why once; who asked for one hears why there is none', async () => {
  debianProgram('bwrap', 'bubblewrap')
  const why = (await whyNoBubblewrap()) === undefined ? /the kernel says no/ : /it needs|it is not installed/
  const { warnings, ...options } = optionsFor({})
  assert.is(await chooseSandbox(options), undefined)
  assert.is(warnings.length, 1)
  assert.match(String(warnings[0]?.why), why)
  const error = await chooseSandbox({ ...options, choice: 'bubblewrap' }).catch((thrown) => thrown)
  assert.is(error.code, 'failed-precondition')
  assert.match(error.message, /execution\.sandbox/)
  assert.match(error.message, why)
  assert.is(warnings.length, 1)
})

test('without the programs in C there is no sandbox, and what to do about it is said', async () => {
  if (process.platform !== 'linux') return
  const { warnings: _, ...options } = optionsFor({ choice: 'bubblewrap', init: undefined })
  const error = await chooseSandbox(options).catch((thrown) => thrown)
  assert.match(error.message, /apt-get install (bubblewrap|gcc)/)
})

test('a try tells what bwrap says', async () => {
  if (launcher === undefined || init === undefined) {
    console.log('SKIP choose-sandbox: no native launcher was built (no C compiler: apt-get install gcc libc6-dev)')
    return
  }
  using directory = temporaryDirectory()
  const program = join(directory.path, 'bwrap')
  const host = { shown: [], links: [], hidden: [] }
  const attempt = async (script: string) => {
    writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const options = { launcher, setup: { program, init, host, kept: true }, directory: directory.path }
    return await trySandbox(options).then(
      () => 'works',
      (thrown) => thrown.message,
    )
  }
  assert.match(await attempt('echo "bwrap: No permissions" >&2; exit 1'), /could not be made: bwrap: No permissions$/)
  // Whoever does not start what is to be first in the sandbox made none.
  assert.match(await attempt('exit 0'), /could not be made: bwrap did not say why/)
})

test.run()
