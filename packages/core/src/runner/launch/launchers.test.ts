// What every launcher does, and what only the native one can.
import { existsSync, fstatSync, lstatSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'uvu'
import * as assert from 'uvu/assert'
import { isRunning } from '../../testing/is-running.js'
import { type TemporaryDirectory, temporaryDirectory } from '../../testing/temporary-directory.js'
import { until } from '../../testing/until.js'
import { runnerProgram } from '../../worker/runner-program.js'
import type { FileState } from '../found-files.js'
import { statsIfAny } from '../input-files.js'
import { PrintedFiles } from '../printed-files.js'
import type { CommandOrder, Launched, Launcher } from './launcher.js'
import { NativeLauncher } from './native-launcher.js'
import { NodeLauncher } from './node-launcher.js'

const native = runnerProgram().launcher

interface Rig extends Disposable {
  readonly launcher: Launcher
  readonly printed: PrintedFiles
  readonly directory: TemporaryDirectory
  /** Why the native launcher's program ended. */
  readonly deaths: string[]
  /** Starts a command after having made room for what it prints. */
  launch(order: Partial<CommandOrder>): Launched
  sh(script: string): Launched
  /** What the last command printed. */
  read(stream: 0 | 1): string
}

function rig(kind: 'native' | 'node'): Rig {
  const directory = temporaryDirectory()
  const printed = new PrintedFiles(directory.path)
  const deaths: string[] = []
  const launcher =
    kind === 'native'
      ? new NativeLauncher({ program: native ?? '', printed, onDeath: (why) => deaths.push(why) })
      : new NodeLauncher({ directory: directory.path, printed, onStart: () => {} })
  const launch = (order: Partial<CommandOrder>) => {
    printed.empty()
    return launcher.launch({
      program: '/bin/true',
      argv: ['true'],
      env: {},
      workingDirectory: directory.path,
      ...order,
    })
  }
  return {
    launcher,
    printed,
    directory,
    deaths,
    launch,
    sh: (script) => launch({ program: '/bin/sh', argv: ['sh', '-c', script] }),
    read(stream) {
      const descriptor = printed.descriptors[stream]
      const bytes = Buffer.alloc(fstatSync(descriptor).size)
      readSync(descriptor, bytes, 0, bytes.length, 0)
      return bytes.toString()
    },
    [Symbol.dispose]() {
      launcher.end()
      directory[Symbol.dispose]()
    },
  }
}

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

const systemCode = (promise: Promise<unknown>) =>
  promise.then(
    () => 'started',
    (error: NodeJS.ErrnoException) => error.code,
  )

function everyLauncher(kind: 'native' | 'node', test: Test): void {
  test(`${kind}: a command sees its arguments, variables and directory, and nothing else`, async () => {
    using r = rig(kind)
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
    using r = rig(kind)
    for (const code of [0, 1, 127, 255]) assert.is((await r.sh(`exit ${code}`).ended).exitCode, code)
    const { exitCode, signal } = await r.sh('kill -SEGV $$').ended
    assert.equal([exitCode, signal], [128 + 11, 'SIGSEGV'])
  })

  test(`${kind}: no signal is blocked or ignored, and the command leads a session of its own`, async () => {
    if (!existsSync('/proc/self/status')) return
    using r = rig(kind)
    await r.launch({ program: '/bin/cat', argv: ['cat', '/proc/self/status', '/proc/self/stat'] }).ended
    const printed = r.read(0)
    for (const set of ['SigBlk', 'SigIgn', 'SigPnd']) assert.match(printed, new RegExp(`^${set}:\\t0+$`, 'm'))
    const [pid, , , , group, session] = printed.trim().split('\n').at(-1)?.split(' ') ?? []
    assert.equal([group, session], [pid, pid])
  })

  test(`${kind}: what is printed begins where the file begins, one command after the other`, async () => {
    using r = rig(kind)
    for (const text of ['a long line', 'short', '']) {
      await r.sh(`printf '%s' '${text}'; printf '%s' '${text}!' >&2`).ended
      assert.equal([r.read(0), r.read(1)], [text, `${text}!`])
    }
  })

  test(`${kind}: what cannot be started is told as the system tells it, and the next one can`, async () => {
    using r = rig(kind)
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
    using r = rig(kind)
    const script = join(r.directory.path, 'script')
    writeFileSync(script, 'echo "$0 $1"; exit 5\n', { mode: 0o755 })
    assert.is((await r.launch({ program: script, argv: ['anything', 'x'] }).ended).exitCode, 5)
    assert.is(r.read(0), `${script} x\n`)
  })

  test(`${kind}: a signal reaches the command and what it started`, async () => {
    using r = rig(kind)
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
    using r = rig(kind)
    const { exitCode } = await r.sh('sleep 600 & echo $!; setsid sleep 600 & echo $!; exit 3').ended
    assert.is(exitCode, 3)
    const left = r.read(0).trim().split('\n').map(Number)
    assert.is(left.length, 2)
    for (const pid of left) await until(`the end of ${pid}`, () => !isRunning(pid))
  })

  test(`${kind}: CPU time and memory`, async () => {
    using r = rig(kind)
    const script =
      'const b = Buffer.alloc(100e6, 1); const end = process.cpuUsage().user + 2e5; while (process.cpuUsage().user < end) b.at(-1)'
    const { resources } = await r.launch({ program: process.execPath, argv: ['node', '-e', script] }).ended
    assert.ok((resources?.userCpuMs ?? 0) >= 190, `${resources?.userCpuMs}`)
    assert.ok((resources?.peakMemoryBytes ?? 0) >= 100e6, `${resources?.peakMemoryBytes}`)
  })

  test(`${kind}: the end of the launcher is the command's`, async () => {
    using r = rig(kind)
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
if (native === undefined)
  console.log('SKIP launchers: no native launcher was built (no C compiler: apt-get install gcc libc6-dev)')
else {
  everyLauncher('native', test)
  nativeOnly(native)
}

function nativeOnly(program: string): void {
  test('native: CM-09 nobody gets away, daemons neither, and all of them count', async () => {
    using r = rig('native')
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
    using r = rig('native')
    await r.sh('n=0; while [ $n -lt 1000 ]; do sleep 600 & n=$((n+1)); done').ended
    assert.is((await r.sh('exit 4').ended).exitCode, 4)
    assert.equal(r.deaths, [])
  })

  test('native: a program that dies under a command is told; the next command gets another', async () => {
    using r = rig('native')
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
    using r = rig('native')
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
    using r = rig('native')
    const lookAt = [{ path: join(r.directory.path, 'inputs'), names: ['file'] }]
    const argv = ['sh', '-c', 'mkdir elsewhere; echo > elsewhere/file; ln -s elsewhere inputs']
    const { found } = await r.launch({ program: '/bin/sh', argv, lookAt }).ended
    assert.is(found?.at(0)?.ino, lstatSync(join(r.directory.path, 'inputs')).ino)
    assert.is(found?.at(1), undefined)
  })

  test('native: more to look at, and to tell, than a pipe holds; a command that cannot be started; another one', async () => {
    using r = rig('native')
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
