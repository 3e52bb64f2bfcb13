import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { enoughTime } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Machine } from './cli-process.js'

test('runs a command once, then takes its output from the cache', async () => {
  await using machine = new Machine()
  writeFileSync(join(machine.cwd, 'in.txt'), 'b\na\n')
  const script = 'sort in.txt > out.txt; echo done; echo careful >&2'
  const args = ['run', '--input', 'in.txt', '--output', './out.txt', '--', 'sh', '-c', script]
  const first = await machine.gorego(args)
  assert.equal([first.code, first.stdout], [0, 'done\n'], first.stderr)
  assert.match(first.stderr, /^careful\ngorego: exit code 0; ran for \d.*; 1 output in \.\n$/)
  assert.is(readFileSync(join(machine.cwd, 'out.txt'), 'utf8'), 'a\nb\n')
  writeFileSync(join(machine.cwd, 'out.txt'), 'spoilt')
  const second = await machine.gorego(args)
  assert.equal([second.code, second.stdout], [0, 'done\n'])
  assert.match(second.stderr, /^careful\ngorego: exit code 0; cached, /)
  assert.is(readFileSync(join(machine.cwd, 'out.txt'), 'utf8'), 'a\nb\n')
  assert.equal(readdirSync(join(machine.home, '.cache', 'gorego')), ['run'])
})

test('what a command prints appears while it runs', async () => {
  await using machine = new Machine()
  const gate = join(machine.cwd, 'gate')
  const script = `echo waiting; until [ -e ${gate} ]; do sleep 0.01; done; echo done`
  const running = machine.start(['run', '--timeout', '300', '--', 'sh', '-c', script])
  await running.printed('stdout', /^waiting\n/)
  writeFileSync(gate, '')
  const { code, stdout } = await running.finished
  assert.equal([code, stdout], [0, 'waiting\ndone\n'])
})

test('the digest function is a choice, and each has results of its own', async () => {
  await using machine = new Machine()
  const args = (name: string) => ['run', '--digest-function', name, '--json', '--', 'echo', 'hashed']
  for (const [name, digits] of [
    ['blake3', 64],
    ['sha512', 128],
  ] as const) {
    for (const cached of [false, true]) {
      const { code, stdout, stderr } = await machine.gorego(args(name))
      assert.is(code, 0, stderr)
      const report = JSON.parse(stdout)
      assert.is(report.cached, cached)
      assert.match(report.action, new RegExp(`(^|/)[0-9a-f]{${digits}}/`))
    }
  }
  const { code, stderr } = await machine.gorego(args('sha3'))
  assert.is(code, 64)
  assert.match(stderr, '--digest-function: got "sha3", want sha256, blake3, sha384, sha512, sha1 or md5')
})

test('the exit code is that of the command; a signal counts as 128 and its number', async () => {
  await using machine = new Machine()
  const scripts = ['exit 7', 'kill -9 $$'].map((script) => machine.gorego(['run', '--', 'sh', '-c', script]))
  const codes = (await Promise.all(scripts)).map(({ code }) => code)
  assert.equal(codes, [7, 137])
})

test('what does not end in time is ended: exit code 124, and what it had printed', async () => {
  await using machine = new Machine()
  const script = 'echo begun; exec sleep 600'
  const attempt = async (ms: number) => {
    const { code, stdout, stderr } = await machine.gorego([
      'run',
      '--timeout',
      `${ms / 1000}`,
      '--',
      'sh',
      '-c',
      script,
    ])
    assert.is(code, 124)
    assert.match(stderr, `time limit of ${ms / 1000} s`)
    return stdout
  }
  assert.is(await enoughTime(500, attempt, (stdout) => stdout !== ''), 'begun\n')
})

test('Ctrl-C ends the command and nothing is left: exit code 130', async () => {
  await using machine = new Machine()
  const started = machine.fifo('started')
  const running = machine.start(['run', '--dir', 'cache', '--', 'sh', '-c', `echo > ${started}; sleep 60`])
  await readFile(started)
  running.signal('SIGINT')
  assert.is((await running.finished).code, 130)
  assert.equal(readdirSync(join(machine.cwd, 'cache', 'run')), [])
})

test('a program that is not there, and a server that does not answer', async () => {
  await using machine = new Machine()
  const [absent, unreachable] = await Promise.all([
    machine.gorego(['run', '--', 'no-such-program']),
    machine.gorego(['run', '--remote', 'unix:nobody.sock', '--', 'true']),
  ])
  assert.is(absent.code, 64)
  assert.match(absent.stderr, 'no-such-program')
  assert.is(unreachable.code, 69)
  assert.match(unreachable.stderr, 'unix:nobody.sock')
})

test('it sees the variables that it is given and a plain PATH', async () => {
  await using machine = new Machine()
  const args = ['run', '--env', 'GREETING=hello = hi', '--', 'env']
  const { stdout } = await machine.gorego(args, { SECRET: 'x' })
  assert.equal(stdout.trimEnd().split('\n').sort(), ['GREETING=hello = hi', 'PATH=/usr/local/bin:/usr/bin:/bin'])
})

test('inputs: at another place, whole directories, everything here', async () => {
  await using machine = new Machine()
  mkdirSync(join(machine.cwd, 'src'))
  writeFileSync(join(machine.cwd, 'src', 'a.txt'), 'a')
  writeFileSync(join(machine.cwd, 'tool.sh'), '#!/bin/sh\n', { mode: 0o755 })
  symlinkSync('src/a.txt', join(machine.cwd, 'link'))
  const find = ['--', 'sh', '-c', 'find . | sort; readlink link; test -x tool.sh || test -x bin/tool']
  const some = await machine.gorego(['run', '--input', 'src/', '--input', 'bin/tool=tool.sh', ...find])
  assert.equal([some.code, some.stdout], [0, '.\n./bin\n./bin/tool\n./src\n./src/a.txt\n'])
  const all = await machine.gorego(['run', '--dir', '../cache', '--input', '.', ...find])
  assert.equal([all.code, all.stdout], [0, '.\n./link\n./src\n./src/a.txt\n./tool.sh\nsrc/a.txt\n'])
})

test('--out-dir gets the outputs, of a command that fails too, and what is missing is said', async () => {
  await using machine = new Machine()
  const script = 'mkdir -p bin; echo x > bin/tool; chmod +x bin/tool; exit 3'
  const args = ['run', '--out-dir', 'dist', '--output', 'bin', '--output', 'doc', '--', 'sh', '-c', script]
  const { code, stderr } = await machine.gorego(args)
  assert.is(code, 3)
  assert.match(stderr, /1 output in dist; not made: doc\n$/)
  assert.ok(statSync(join(machine.cwd, 'dist', 'bin', 'tool')).mode & 0o100)
})

test('--refresh runs again and keeps the result, --no-cache keeps none', async () => {
  await using machine = new Machine()
  const ran = async (...flags: string[]) => {
    const { stdout } = await machine.gorego(['run', '--json', ...flags, '--', 'true'])
    return !JSON.parse(stdout).cached
  }
  assert.equal([await ran('--no-cache'), await ran(), await ran(), await ran('--refresh')], [true, true, false, true])
})

test('--json is one document, and the only thing on standard output', async () => {
  await using machine = new Machine()
  const script = 'echo out; echo err >&2; echo data > file; ln -s file link'
  const args = ['run', '--json', '--output', 'file', '--output', 'link', '--output', 'none', '--', 'sh', '-c', script]
  const { code, stdout, stderr } = await machine.gorego(args)
  assert.equal([code, stderr], [0, ''])
  const { action, timings, worker, outputs, resources, ...rest } = JSON.parse(stdout)
  assert.match(action, /^[0-9a-f]{64}\/\d+$/)
  assert.type(timings.executionMs, 'number')
  assert.type(worker, 'string')
  // Where the system tells.
  if (resources !== undefined) assert.type(resources.userCpuMs, 'number')
  assert.equal(
    outputs.map(({ kind, path }: { kind: string; path: string }) => `${kind} ${path}`),
    ['file file', 'symlink link'],
  )
  const expected = {
    exitCode: 0,
    cached: false,
    stdout: 'out\n',
    stderr: 'err\n',
    outDir: '.',
    outputsNotMade: ['none'],
  }
  assert.equal(rest, expected)
  const late = await machine.gorego(['run', '--json', '--timeout', '0.2', '--', 'sleep', '60'])
  assert.is(late.code, 124)
  const { exitCode, error } = JSON.parse(late.stdout)
  assert.equal([exitCode, error.code], [124, 'deadline-exceeded'])
})

test.run()
