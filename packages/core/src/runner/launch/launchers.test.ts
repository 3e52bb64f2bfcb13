// What every launcher does.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'uvu'
import * as assert from 'uvu/assert'
import { isRunning } from '../../testing/is-running.js'
import { launcherRig, nativeProgram, systemCode } from '../../testing/launcher-rig.js'
import { until } from '../../testing/until.js'
import type { CommandOrder } from './launcher.js'

function everyLauncher(kind: 'native' | 'node', test: Test): void {
  test(`${kind}: a command sees its arguments, variables and directory, and nothing else`, async () => {
    using r = launcherRig(kind)
    const script = 'echo "$0|$1|$2|$#"; pwd; cat; ls /proc/self/fd >&2'
    const argv = ['called so', '-c', script, 'zero', '', 'two words']
    const { exitCode, signal } = await r.launch({ program: '/bin/sh', argv }).ended
    assert.equal([exitCode, signal], [0, undefined])
    assert.is(r.read(0), `zero||two words|2\n${r.directory.path}\n`)
    // Node lets pass whatever descriptors whoever started us has left open.
    if (kind === 'native') assert.is(r.read(1), '0\n1\n2\n3\n', '3 is ls reading')
    const env = { A: 'größer', EMPTY: '', 'with space': 'a=b\nc' }
    await r.launch({ program: '/usr/bin/env', argv: ['env', '-0'], env }).ended
    assert.is(r.read(0), 'A=größer\0EMPTY=\0with space=a=b\nc\0')
  })

  test(`${kind}: the exit code, or the signal`, async () => {
    using r = launcherRig(kind)
    for (const code of [0, 1, 127, 255]) assert.is((await r.sh(`exit ${code}`).ended).exitCode, code)
    const { exitCode, signal } = await r.sh('kill -SEGV $$').ended
    assert.equal([exitCode, signal], [128 + 11, 'SIGSEGV'])
  })

  test(`${kind}: no signal is blocked or ignored, and the command leads a session of its own`, async () => {
    if (!existsSync('/proc/self/status')) return
    using r = launcherRig(kind)
    await r.launch({ program: '/bin/cat', argv: ['cat', '/proc/self/status', '/proc/self/stat'] }).ended
    const printed = r.read(0)
    for (const set of ['SigBlk', 'SigIgn', 'SigPnd']) assert.match(printed, new RegExp(`^${set}:\\t0+$`, 'm'))
    const [pid, , , , group, session] = printed.trim().split('\n').at(-1)?.split(' ') ?? []
    assert.equal([group, session], [pid, pid])
  })

  test(`${kind}: what is printed begins where the file begins, one command after the other`, async () => {
    using r = launcherRig(kind)
    for (const text of ['a long line', 'short', '']) {
      await r.sh(`printf '%s' '${text}'; printf '%s' '${text}!' >&2`).ended
      assert.equal([r.read(0), r.read(1)], [text, `${text}!`])
    }
  })

  test(`${kind}: what cannot be started is told as the system tells it, and the next one can`, async () => {
    using r = launcherRig(kind)
    const script = join(r.directory.path, 'script')
    writeFileSync(script, '#!/no/such/interpreter\n', { mode: 0o755 })
    writeFileSync(join(r.directory.path, 'plain'), 'echo', { mode: 0o644 })
    const start = (order: Partial<CommandOrder>) => systemCode(r.launch(order).ended)
    assert.is(await start({ program: '/no/such/program' }), 'ENOENT')
    assert.is(await start({ program: script }), 'ENOENT')
    assert.is(await start({ program: './plain' }), 'EACCES')
    assert.is(await start({ program: '/bin/true/x' }), 'ENOTDIR')
    assert.is(await start({ workingDirectory: '/no/such/directory' }), 'ENOENT')
    const huge = Array<string>(300).fill('x'.repeat(100_000))
    assert.is(await start({ argv: huge }), 'E2BIG')
    assert.is((await r.sh('exit 7').ended).exitCode, 7)
    assert.equal(r.deaths, [])
  })

  test(`${kind}: a script that does not say what runs it is the shell's`, async () => {
    using r = launcherRig(kind)
    const script = join(r.directory.path, 'script')
    writeFileSync(script, 'echo "$0 $1"; exit 5\n', { mode: 0o755 })
    assert.is((await r.launch({ program: script, argv: ['anything', 'x'] }).ended).exitCode, 5)
    assert.is(r.read(0), `${script} x\n`)
  })

  test(`${kind}: a signal reaches the command and what it started`, async () => {
    using r = launcherRig(kind)
    const running = r.sh(
      'trap "" TERM; (trap "echo child; exit" TERM; echo up; while :; do sleep 0.01; done) & wait; wait',
    )
    await until('the child', () => r.read(0) === 'up\n')
    running.signal('SIGTERM')
    await until('the child, told to end', () => r.read(0) === 'up\nchild\n')
    running.signal('SIGKILL')
    // The shell may have come to its end by itself.
    assert.ok([0, 137].includes((await running.ended).exitCode))
    running.signal('SIGKILL')
  })

  test(`${kind}: CM-09 what is left running is ended before the command counts as over`, async () => {
    using r = launcherRig(kind)
    const { exitCode } = await r.sh('sleep 600 & echo $!; setsid sleep 600 & echo $!; exit 3').ended
    assert.is(exitCode, 3)
    const left = r.read(0).trim().split('\n').map(Number)
    assert.is(left.length, 2)
    for (const pid of left) await until(`the end of ${pid}`, () => !isRunning(pid))
  })

  test(`${kind}: CPU time and memory`, async () => {
    using r = launcherRig(kind)
    const script =
      'const b = Buffer.alloc(100e6, 1); const end = process.cpuUsage().user + 2e5; while (process.cpuUsage().user < end) b.at(-1)'
    const { resources } = await r.launch({ program: process.execPath, argv: ['node', '-e', script] }).ended
    assert.ok((resources?.userCpuMs ?? 0) >= 190, `${resources?.userCpuMs}`)
    assert.ok((resources?.peakMemoryBytes ?? 0) >= 100e6, `${resources?.peakMemoryBytes}`)
  })

  test(`${kind}: the end of the launcher is the command's`, async () => {
    using r = launcherRig(kind)
    const running = r.sh('echo $$; exec sleep 600')
    await until('the start', () => r.read(0) !== '')
    const pid = Number(r.read(0))
    r.launcher.end()
    await until(`the end of ${pid}`, () => !isRunning(pid))
    // The native one's program kills it at its own end, which is all that is heard of it.
    if (kind === 'native') await until('the death', () => r.deaths.length > 0)
    else assert.is((await running.ended).signal, 'SIGKILL')
  })
}

everyLauncher('node', test)
if (nativeProgram === undefined)
  console.log('SKIP launchers: no native launcher was built (no C compiler: apt-get install gcc libc6-dev)')
else everyLauncher('native', test)

test.run()
