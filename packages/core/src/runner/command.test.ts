import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isRunning } from '../testing/is-running.js'
import { until } from '../testing/until.js'
import { WorkerRig } from '../testing/worker-rig.js'

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open({ name: 'a-worker' })
})
test.after(async () => {
  assert.equal(await rig.close(), [])
})

/** Prints each argument on a line of its own, as hexadecimal bytes. */
const SHOW_ARGUMENTS = `#!${process.execPath}
for (const argument of process.argv.slice(2)) console.log(Buffer.from(argument).toString('hex'))
`
const showArguments = { content: SHOW_ARGUMENTS, executable: true }

test('CM-03 the command sees the variables of its Command and no others', async () => {
  const env = [
    ['ZED', 'last'],
    ['ALPHA', ''],
    ['__proto__', 'a variable like any other'],
    ['SPACED', ' a  b\n'],
  ] as const
  const { stdout, outcome } = await rig.run({ argv: ['/usr/bin/env', '-0'], env })
  assert.is(outcome.failure, undefined)
  assert.equal(stdout.split('\0').filter(Boolean).sort(), env.map(([name, value]) => `${name}=${value}`).sort())
  assert.is((await rig.run({ argv: ['/usr/bin/env'] })).stdout, '')
})

test('CM-03 of a variable that is set twice the last one counts; one that cannot be is refused', async () => {
  const twice = await rig.run({
    argv: ['/usr/bin/env'],
    env: [
      ['A', '1'],
      ['A', '2'],
    ],
  })
  assert.is(twice.stdout, 'A=2\n')
  for (const bad of [
    ['', 'x'],
    ['A=B', 'x'],
    ['A\0', 'x'],
    ['A', 'x\0'],
  ] as const) {
    const { outcome } = await rig.run({ argv: ['/usr/bin/env'], env: [bad] })
    assert.is(outcome.failure?.code, 'invalid-argument', JSON.stringify(bad))
  }
})

test('CM-02 arguments arrive byte for byte, and no shell looks at them', async () => {
  const args = ['', ' ', '$HOME', '*', 'a"b\'c\\', 'new\nline', 'größer 📦', '-n', '']
  const { stdout } = await rig.run({ argv: ['./show', ...args], inputs: { show: showArguments } })
  assert.equal(
    stdout.split('\n').slice(0, -1),
    args.map((argument) => Buffer.from(argument).toString('hex')),
  )
})

test('CM-02 argv[0] reaches the program as it was written', async () => {
  const { stdout } = await rig.run({ argv: ['cat', '/proc/self/cmdline'] })
  assert.is(stdout, 'cat\0/proc/self/cmdline\0')
})

test('CM-01 a bare name is looked up in the PATH of the Command, relative entries from the working directory', async () => {
  const tool = (says: string) => ({ content: `#!/bin/sh\necho ${says}\n`, executable: true })
  const inputs = {
    w: { directory: { bin: { directory: { tool: tool('first'), data: 'no program' } }, tool: tool('here') } },
  }
  const say = async (path: string) => {
    const { stdout, outcome } = await rig.run({
      argv: ['tool'],
      inputs,
      workingDirectory: 'w',
      env: [['PATH', path]],
    })
    return outcome.failure?.code ?? stdout
  }
  assert.is(await say('/nowhere:bin:/usr/bin'), 'first\n')
  assert.is(await say('/usr/bin:'), 'here\n')
  assert.is(await say('/usr/bin'), 'invalid-argument')
  const data = await rig.run({ argv: ['data'], inputs, workingDirectory: 'w', env: [['PATH', 'bin']] })
  assert.is(data.outcome.failure?.code, 'invalid-argument')
})

test('CM-01 without a PATH the usual directories are searched', async () => {
  assert.is((await rig.run({ argv: ['echo', 'found'] })).stdout, 'found\n')
})

test('CM-01 a path with a slash counts from the working directory', async () => {
  const { stdout } = await rig.run({
    argv: ['../tools/show', 'x'],
    inputs: { tools: { directory: { show: showArguments } }, w: { directory: {} } },
    workingDirectory: 'w',
  })
  assert.is(stdout, '78\n')
})

test('EX-08 what cannot be started is the fault of whoever wrote the command', async () => {
  const inputs = {
    plain: '#!/bin/sh\n',
    lost: { content: '#!/no/such/interpreter\n', executable: true },
    loop: { symlink: 'loop' },
  }
  const refused = async (argv: string[], what: RegExp) => {
    const { outcome } = await rig.run({ argv, inputs })
    assert.is(outcome.failure?.code, 'invalid-argument', `${argv[0]?.slice(0, 30)}: ${outcome.failure?.message}`)
    assert.match(outcome.failure?.message ?? '', what)
    assert.is(outcome.result, undefined)
  }
  await refused([], /no arguments/)
  await refused([''], /empty/)
  await refused(['/no/such/program'], /does not exist/)
  await refused(['no-such-program'], /no program "no-such-program"/)
  await refused(['./lost'], /interpreter/)
  await refused(['./plain'], /not an executable file/)
  await refused(['/'], /not an executable file/)
  await refused(['./loop'], /cannot be run/)
  await refused(['plain/x/y'], /cannot be run/)
  await refused([`./${'x'.repeat(300)}`], /longer|cannot be run/)
  await refused(['/bin/echo', 'a\0b'], /NUL/)
  await refused(['/bin/echo', ...Array(40).fill('x'.repeat(100_000))], /larger than this system allows/)
})

test('CM-08 the working directory is made where it is missing', async () => {
  const { stdout } = await rig.sh('pwd; ls -A ..', { workingDirectory: 'not/there' })
  assert.match(stdout, /\/root\/not\/there\nthere\n$/)
})

test('CM-08 the working directory may be written with dots', async () => {
  const { stdout } = await rig.sh('pwd', { workingDirectory: './a/../b/.' })
  assert.match(stdout, /\/root\/b\n$/)
})

test('CM-05 a working directory or output outside of the input root is refused', async () => {
  const refused = async (what: Parameters<WorkerRig['run']>[0]) => {
    const { outcome } = await rig.sh('exit 0', what)
    assert.is(outcome.failure?.code, 'invalid-argument', `${JSON.stringify(what)}: ${outcome.failure?.message}`)
  }
  for (const workingDirectory of ['/tmp', '..', 'a/../..', 'a//b', 'a/', 'a\0b']) await refused({ workingDirectory })
  for (const path of ['/tmp/x', '..', '../x', 'a/../../x', 'a//b', 'a/', 'a\0b', '/']) {
    await refused({ outputPaths: [path] })
    await refused({ outputFiles: [path] })
    await refused({ outputDirectories: [path] })
  }
  await refused({ workingDirectory: 'file', inputs: { file: '' } })
  await refused({ outputPaths: ['file/out'], inputs: { file: '' } })
})

test('CM-05 an output may climb out of the working directory, not out of the root', async () => {
  const { result } = await rig.sh('echo x > ../side', { workingDirectory: 'w', outputPaths: ['../side'] })
  assert.equal(
    result.getOutputFilesList().map((file) => file.getPath()),
    ['../side'],
  )
})

test('CM-05 input symlinks do not lead the working directory or an output out of the root', async () => {
  const inputs = {
    out: { symlink: '/tmp' },
    up: { symlink: '../..' },
    loop: { symlink: 'loop' },
    inside: { symlink: 'real' },
    real: { directory: {} },
  }
  for (const name of ['out', 'up', 'loop']) {
    for (const what of [{ workingDirectory: name }, { outputPaths: [`${name}/x`] }, { outputPaths: [`${name}/x/y`] }]) {
      const { outcome } = await rig.sh('exit 0', { inputs, ...what })
      assert.is(outcome.failure?.code, 'invalid-argument', `${JSON.stringify(what)}: ${outcome.failure?.message}`)
    }
  }
  const within = await rig.sh('echo x > inside/x', { inputs, outputPaths: ['inside/x'] })
  assert.equal(
    within.result.getOutputFilesList().map((file) => file.getPath()),
    ['inside/x'],
  )
})

test('ER-01 a command that fails has a result, and EX-17 it is not cached', async () => {
  const { action, outcome, result, stdout, stderr } = await rig.sh('echo out; echo err >&2; exit 7')
  assert.is(outcome.failure, undefined)
  assert.is(result.getExitCode(), 7)
  assert.equal([stdout, stderr], ['out\n', 'err\n'])
  assert.is(await rig.cache.get({ instance: '', action: action.digest }), undefined)
})

test('a result goes to the cache by instance, and EX-16 not when the Action says so', async () => {
  const cached = await rig.sh('exit 0', {}, { instance: 'one' })
  assert.equal(await rig.cache.get({ instance: 'one', action: cached.action.digest }), cached.outcome.result)
  assert.is(await rig.cache.get({ instance: '', action: cached.action.digest }), undefined)
  const { action } = await rig.sh('exit 0', { doNotCache: true })
  assert.is(await rig.cache.get({ instance: '', action: action.digest }), undefined)
})

test('ER-01 a command that a signal ended has the exit code that a shell would report', async () => {
  const { outcome, result } = await rig.sh('kill -SEGV $$')
  assert.is(outcome.failure, undefined)
  assert.is(result.getExitCode(), 128 + 11)
})

test('standard input is empty', async () => {
  assert.is((await rig.run({ argv: ['/bin/cat'] })).stdout, '')
})

test('EM-01 the moments are in order, OR-10 the worker is named', async () => {
  const { result } = await rig.sh('exit 0')
  const metadata = result.getExecutionMetadata()
  assert.is(metadata?.getWorker(), 'a-worker')
  const moments = [
    metadata?.getQueuedTimestamp(),
    metadata?.getWorkerStartTimestamp(),
    metadata?.getInputFetchStartTimestamp(),
    metadata?.getInputFetchCompletedTimestamp(),
    metadata?.getExecutionStartTimestamp(),
    metadata?.getExecutionCompletedTimestamp(),
    metadata?.getOutputUploadStartTimestamp(),
    metadata?.getOutputUploadCompletedTimestamp(),
    metadata?.getWorkerCompletedTimestamp(),
  ].map((moment) => (moment === undefined ? Number.NaN : moment.getSeconds() * 1e3 + moment.getNanos() / 1e6))
  assert.equal(
    moments,
    [...moments].sort((a, b) => a - b),
  )
  assert.ok(metadata?.getVirtualExecutionDuration() !== undefined)
})

test('each command prints to the beginning of an empty file, also after one that printed much', async () => {
  for (const [script, expected] of [
    ['head -c 300000 /dev/zero; head -c 300000 /dev/zero >&2', [300_000, 300_000]],
    ['printf ab; printf c >&2', [2, 1]],
    [':', [0, 0]],
    ['printf abc > /dev/stdout; printf d >> /dev/stdout', [4, 0]],
  ] as const) {
    const { stdout, stderr } = await rig.sh(script)
    assert.equal([stdout.length, stderr.length], expected, script)
  }
})

test('what a command prints is kept, whatever it does to its descriptors and to all that it was laid out in', async () => {
  for (const trick of [
    'chmod 000 /proc/self/fd/1',
    'exec >&-',
    'rm -rf "$(dirname "$PWD")"',
    'ls ..; rm -f ../*out*',
  ]) {
    const { outcome, stdout } = await rig.sh(`echo said; ${trick}`)
    assert.is(outcome.failure, undefined, trick)
    assert.match(stdout, /^said\n(root\n)?$/, trick)
  }
})

test('CM-09 nothing of one action is there for the next', async () => {
  await rig.sh('echo x > left; mkdir -p d/e; chmod 000 d/e d; ln -s / link; mkfifo fifo; touch ../beside')
  const { stdout } = await rig.sh('ls -A; echo; ls -A ..')
  assert.is(stdout, '\nroot\n')
})

test('names too long for the system are the fault of whoever wrote the action', async () => {
  const { outcome } = await rig.sh('exit 0', { inputs: { ['x'.repeat(256)]: '' } })
  assert.is(outcome.failure?.code, 'invalid-argument')
  const output = await rig.sh('exit 0', { outputPaths: ['x'.repeat(256)] })
  assert.is(output.outcome.failure?.code, 'invalid-argument')
})

test('what is printed does not wait for a grandchild that keeps the output open', async () => {
  const { stdout } = await rig.sh('(trap "" TERM; sleep 600) & echo $!')
  const pid = Number(stdout)
  await until('the end of the grandchild', () => !isRunning(pid))
})

test.run()
