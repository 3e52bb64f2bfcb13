// What only the native launcher can.
import { lstatSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isRunning } from '../../testing/is-running.js'
import { launcherRig, nativeProgram, systemCode } from '../../testing/launcher-rig.js'
import { temporaryDirectory } from '../../testing/temporary-directory.js'
import { until } from '../../testing/until.js'
import type { FileState } from '../found-files.js'
import { statsIfAny } from '../input-files.js'
import { PrintedFiles } from '../printed-files.js'
import { NativeLauncher } from './native-launcher.js'

if (nativeProgram === undefined)
  console.log('SKIP native-launcher: none was built (no C compiler: apt-get install gcc libc6-dev)')
else nativeOnly(nativeProgram)

function numbersOf(state: FileState | undefined): readonly number[] | undefined {
  return state && [state.ino, state.mode, state.size, state.mtimeMs, state.ctimeMs]
}

/** Running, or a zombie. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function nativeOnly(program: string): void {
  test('native: CM-09 nobody gets away, daemons neither, and all of them count', async () => {
    using r = launcherRig('native')
    const pids = join(r.directory.path, 'pids')
    // Each says who it is when it has used some CPU.
    const some = 'n=0; while [ $n -lt 200000 ]; do n=$((n+1)); done'
    const daemon = `trap "" TERM HUP INT; ${some}; echo $$ >> ${pids}; exec >/dev/null 2>&1; cd /; while :; do :; done`
    const script = `
      for n in 1 2 3; do (setsid sh -c '${daemon}' &) ; done
      until [ "$(wc -l < ${pids})" = 3 ]; do sleep 0.01; done`
    writeFileSync(pids, '')
    const { resources, exitCode } = await r.sh(script).ended
    assert.is(exitCode, 0)
    for (const pid of readFileSync(pids, 'utf8').trim().split('\n')) assert.not(isRunning(Number(pid)), pid)
    assert.ok((resources?.userCpuMs ?? 0) + (resources?.systemCpuMs ?? 0) > 50, 'what the daemons used')
  })

  test('native: a thousand leftovers', async () => {
    using r = launcherRig('native')
    await r.sh('n=0; while [ $n -lt 1000 ]; do sleep 600 & n=$((n+1)); done').ended
    assert.is((await r.sh('exit 4').ended).exitCode, 4)
    assert.equal(r.deaths, [])
  })

  test('native: a program that dies under a command is told; the next command gets another', async () => {
    using r = launcherRig('native')
    void r.sh('echo $$; kill -9 $PPID; exec sleep 600')
    await until('the death', () => r.deaths.length > 0)
    assert.equal(r.deaths, ['SIGKILL'])
    // Whoever made the launcher has to see to what it left.
    process.kill(Number(r.read(0)), 'SIGKILL')
    assert.is((await r.sh('exit 4').ended).exitCode, 4)
    // Nobody is told of one that dies while nothing runs.
    await r.sh('(sleep 0.2; kill -9 $PPID) & echo $PPID').ended
    const pid = Number(r.read(0))
    process.kill(pid, 'SIGKILL')
    await until('the end, noticed', () => !isThere(pid))
    assert.is((await r.sh('exit 5').ended).exitCode, 5)
    assert.is(r.deaths.length, 1)
  })

  test('native: what it is to look at is told as it is when the command is over, as lstat tells it', async () => {
    using r = launcherRig('native')
    const at = (...names: string[]) => join(r.directory.path, ...names)
    const script = `
      mkdir inputs elsewhere 'größer 📦'; echo text > inputs/file; ln -s file inputs/link; mkdir inputs/directory; chmod 6750 inputs/file
      mkfifo inputs/pipe; touch -d '1999-12-31 23:59:59.123456789' inputs/file; touch -d '1969-07-20' elsewhere
      ln -s elsewhere turned; echo > 'größer 📦/ß'`
    const lookAt = [
      { path: at('inputs'), names: ['file', 'link', 'directory', 'pipe', 'nothing'] },
      { path: at('no such'), names: ['file'] },
      { path: at('inputs', 'file'), names: ['x'] },
      { path: at('elsewhere'), names: [] },
      { path: at('turned'), names: [] },
      { path: at('größer 📦'), names: ['ß'] },
    ]
    const { found, exitCode } = await r.launch({ program: '/bin/sh', argv: ['sh', '-c', script], lookAt }).ended
    assert.is(exitCode, 0)
    const paths = lookAt.flatMap(({ path, names }) => [path, ...names.map((name) => join(path, name))])
    assert.is(found?.count, paths.length)
    for (const [n, path] of paths.entries()) {
      assert.equal(numbersOf(found?.at(n)), numbersOf(statsIfAny(path)), path)
    }
    assert.ok((found?.at(1)?.mtimeMs ?? 0) % 1 > 0, 'less than a millisecond')
    assert.is((await r.sh('exit 4').ended).found?.count, 0)
  })

  test('native: it does not look through a symbolic link that a directory has become', async () => {
    using r = launcherRig('native')
    const lookAt = [{ path: join(r.directory.path, 'inputs'), names: ['file'] }]
    const argv = ['sh', '-c', 'mkdir elsewhere; echo > elsewhere/file; ln -s elsewhere inputs']
    const { found } = await r.launch({ program: '/bin/sh', argv, lookAt }).ended
    assert.is(found?.at(0)?.ino, lstatSync(join(r.directory.path, 'inputs')).ino)
    assert.is(found?.at(1), undefined)
  })

  test('native: more to look at, and to tell, than a pipe holds; a command that cannot be started; another one', async () => {
    using r = launcherRig('native')
    const names = Array.from({ length: 20_000 }, (_, n) => `no such file ${n}`)
    const lookAt = [{ path: r.directory.path, names }]
    const { found } = await r.launch({ lookAt }).ended
    assert.equal([found?.count, found?.at(0)?.ino], [20_001, lstatSync(r.directory.path).ino])
    assert.is(await systemCode(r.launch({ program: '/no/such/program', lookAt }).ended), 'ENOENT')
    assert.is((await r.sh('exit 4').ended).exitCode, 4)
    assert.equal(r.deaths, [])
  })

  test('native: a program that is not one', async () => {
    using directory = temporaryDirectory()
    const printed = new PrintedFiles(directory.path)
    const launcher = new NativeLauncher({ program: '/no/such', printed, onDeath: () => assert.unreachable() })
    const order = { program: '/bin/true', argv: ['true'], env: {}, workingDirectory: '/' }
    assert.is(await systemCode(launcher.launch(order).ended), 'internal')
    assert.ok(program.endsWith(`-${process.platform}-${process.arch}`))
  })
}

test.run()
