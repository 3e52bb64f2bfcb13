// Launcher and sandbox, where something is wrong with the second.
import { match } from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { debianProgram } from '@gorego/test-setup/debian-program'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { SandboxEntry } from '../../sandbox/index.js'
import { keptSandbox } from '../../testing/kept-sandboxes.js'
import { temporaryDirectory } from '../../testing/temporary-directory.js'
import { whyNoBubblewrap } from '../../testing/why-no-bubblewrap.js'
import { runnerProgram } from '../../worker/runner-program.js'
import { PrintedFiles } from '../printed-files.js'
import { SlotSandbox } from '../slot-sandbox.js'
import type { Launched } from './launcher.js'
import { NativeLauncher } from './native-launcher.js'

const { launcher: launcherProgram, sandboxInit } = runnerProgram()

interface Rig extends Disposable {
  readonly launcher: NativeLauncher
  path(name: string): string
  /** In a sandbox that this program makes, or a script of such content. */
  launch(argv: readonly string[], bwrap: string, kept: boolean, init?: string): Launched
}

function open(program: string, init: string): Rig {
  const directory = temporaryDirectory()
  const path = (name: string) => join(directory.path, name)
  mkdirSync(path('root'))
  const printed = new PrintedFiles(directory.path)
  const launcher = new NativeLauncher({ program, printed, onDeath: () => {} })
  const entryOf = (bwrap: string, kept: boolean, init: string): SandboxEntry => {
    const links = ['bin', 'lib', 'lib64'].map((name) => ({ path: `/${name}`, target: `usr/${name}` }))
    const host = { shown: ['/usr'], links, hidden: [] }
    return new SlotSandbox({ program: bwrap, init, host, kept }, path('tmp'), undefined).enter(path('root'), false)
  }
  return {
    launcher,
    path,
    launch: (argv, bwrap, kept, otherInit = init) => {
      printed.empty()
      const sandbox = entryOf(bwrap, kept, otherInit)
      return launcher.launch({ program: argv[0] ?? '', argv, env: {}, workingDirectory: '/build', sandbox })
    },
    [Symbol.dispose]() {
      launcher.end()
      directory[Symbol.dispose]()
    },
  }
}

if (launcherProgram === undefined || sandboxInit === undefined) {
  console.log('SKIP sandboxed-launch: no native launcher was built (no C compiler: apt-get install gcc libc6-dev)')
} else {
  for (const kept of [true, false]) {
    test(`what makes the sandbox and hangs is killed with the command (${kept ? 'kept' : 'for one action'})`, async () => {
      using rig = open(launcherProgram, sandboxInit)
      const bwrap = rig.path('bwrap')
      writeFileSync(bwrap, '#!/bin/sh\nexec sleep 3600\n', { mode: 0o755 })
      const launched = rig.launch(['/bin/true'], bwrap, kept)
      launched.signal('SIGTERM')
      launched.signal('SIGKILL')
      assert.is((await launched.ended).exitCode, 128 + 9)
    })
  }

  test('what is missing of the sandbox is named, and is no fault of the command', async () => {
    using rig = open(launcherProgram, sandboxInit)
    const noBwrap = await rig.launch(['/bin/true'], '/no/such/bwrap', true).ended.catch((thrown) => thrown)
    match(noBwrap.message, /sandbox could not be made: \/no\/such\/bwrap: No such file/)
    const noInit = await rig.launch(['/bin/true'], '/usr/bin/env', true, '/no/init').ended.catch((thrown) => thrown)
    match(noInit.message, /sandbox could not be made: \/no\/init: No such file/)
  })

  debianProgram('bwrap', 'bubblewrap')
  const whyNot = await whyNoBubblewrap()
  if (whyNot !== undefined) {
    console.log(`SKIP sandboxed-launch, with bubblewrap: ${whyNot}`)
  } else {
    test('a command that is killed before a sandbox that is stopped has begun with it is not begun again', async () => {
      using rig = open(launcherProgram, sandboxInit)
      assert.is((await rig.launch(['/bin/true'], '/usr/bin/bwrap', true).ended).exitCode, 0)
      const first = keptSandbox()
      process.kill(first, 'SIGSTOP')
      const launched = rig.launch(['/bin/true'], '/usr/bin/bwrap', true)
      launched.signal('SIGTERM')
      launched.signal('SIGKILL')
      assert.is((await launched.ended).exitCode, 128 + 9)
      assert.is((await rig.launch(['/bin/true'], '/usr/bin/bwrap', true).ended).exitCode, 0)
    })

    test('a signal that came before one that is killed has begun is for the one that begins', async () => {
      using rig = open(launcherProgram, sandboxInit)
      assert.is((await rig.launch(['/bin/true'], '/usr/bin/bwrap', true).ended).exitCode, 0)
      const first = keptSandbox()
      process.kill(first, 'SIGSTOP')
      const launched = rig.launch(['/bin/sleep', '3600'], '/usr/bin/bwrap', true)
      launched.signal('SIGTERM')
      process.kill(first, 'SIGKILL')
      assert.is((await launched.ended).exitCode, 128 + 15)
    })
  }
}

test.run()
