// Commands that do their best to outlive their action, and to spoil the slot for the next one.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isRunning } from '../testing/is-running.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { until } from '../testing/until.js'
import { WorkerRig } from '../testing/worker-rig.js'
import { runnerProgram } from './runner-program.js'

for (const launcher of ['auto', 'node'] as const) {
  const isNative = launcher === 'auto' && runnerProgram().launcher !== undefined
  /** Its parent is the runner, or the launcher, whose parent is the runner. */
  const KILLINGS = {
    'its parent': 'kill -9 $PPID',
    "its parent's parent": 'kill -9 $(cut -d" " -f4 /proc/$PPID/stat)',
    'its parent and then its parent':
      'grandparent=$(cut -d" " -f4 /proc/$PPID/stat); kill -9 $PPID; kill -9 $grandparent',
  }
  for (const [whom, how] of Object.entries(KILLINGS)) {
    test(`${launcher}: a command that kills ${whom} ends with it, both times`, async () => {
      // Started by Node, its parent's parent is us.
      if (!isNative && whom !== 'its parent') return
      using notes = temporaryDirectory()
      const rig = await WorkerRig.open({ slots: 1, launcher })
      const pids = join(notes.path, 'pids')
      const { outcome } = await rig.sh(`echo $$ >> ${pids}; ${how}; sleep 600`)
      assert.is(outcome.failure?.code, 'internal')
      const commands = readFileSync(pids, 'utf8').trim().split('\n').map(Number)
      assert.is(commands.length, 2)
      // They were killed by then; when the kernel comes round to it is its own affair.
      for (const pid of commands) await until(`the end of command ${pid}`, () => !isRunning(pid))
      assert.is((await rig.sh('echo fine')).stdout, 'fine\n')
      assert.equal(await rig.close(), [])
    })
  }

  test(`${launcher}: a process that got away and keeps writing into the build root spoils neither the slot nor the end`, async () => {
    using notes = temporaryDirectory()
    const rig = await WorkerRig.open({ slots: 1, launcher })
    const [stop, pid] = [join(notes.path, 'stop'), join(notes.path, 'pid')]
    const writer = `echo $$ > ${pid}; cd /; while [ ! -e ${stop} ]; do mkdir -p $P/x/y; : > $P/x/y/$$; done`
    const { outcome } = await rig.sh(`P=$PWD; export P; setsid sh -c '${writer}' & until [ -s ${pid} ]; do :; done`)
    assert.is(outcome.failure, undefined)
    for (let n = 0; n < 3; n++) assert.is((await rig.sh(`echo ${n}`)).stdout, `${n}\n`)
    // With the writer still there, and not to be waited for.
    await rig.worker[Symbol.asyncDispose]()
    writeFileSync(stop, '')
    await until('the end of the writer', () => !isRunning(Number(readFileSync(pid, 'utf8'))))
    assert.equal(await rig.close(), [])
  })

  test(`${launcher}: CM-09 what an action leaves running ends with it, also where it has a process group or a session of its own`, async () => {
    const rig = await WorkerRig.open({ slots: 1, launcher })
    const pids: number[] = []
    for (const how of ['', 'setsid']) {
      const { stdout } = await rig.sh(
        `${how} sh -c 'echo $$ >&3; exec sleep 600' 3>pid & until [ -s pid ]; do :; done; cat pid`,
      )
      pids.push(Number(stdout))
    }
    if (existsSync('/bin/bash')) {
      const { stdout } = await rig.run({ argv: ['/bin/bash', '-c', 'set -m; (cd /; exec sleep 600) & echo $!'] })
      pids.push(Number(stdout))
    }
    assert.is((await rig.sh('ls')).stdout, '')
    for (const pid of pids) await until(`the end of process ${pid}`, () => !isRunning(pid))
    assert.equal(await rig.close(), [])
  })

  test(`${launcher}: OR-09 what a daemon prints that got away from one action is not in what the next one prints`, async () => {
    using notes = temporaryDirectory()
    const rig = await WorkerRig.open({ slots: 1, launcher })
    const pid = join(notes.path, 'pid')
    const daemon = `cd /; echo $$ > ${pid}; while :; do echo daemon; echo daemon >&2; done`
    await rig.sh(`setsid sh -c '${daemon}' & until [ -s ${pid} ]; do :; done`)
    for (let n = 0; n < 3; n++) {
      const { stdout, stderr } = await rig.sh(`echo ${n}; sleep 0.1; echo err >&2`)
      assert.equal([stdout, stderr], [`${n}\n`, 'err\n'])
    }
    await until('the end of the daemon', () => !isRunning(Number(readFileSync(pid, 'utf8'))))
    assert.equal(await rig.close(), [])
  })
}

test.run()
