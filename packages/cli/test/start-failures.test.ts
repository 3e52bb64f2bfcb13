// What keeps a server from starting: one line that names the cause and the next step, and its exit code.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LocalStore } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Finished, Machine } from './cli-process.js'

const FREE = ['--listen', '127.0.0.1:0']
const DIR = ['--dir', 'all']

/** For NODE_OPTIONS: as if OpenTelemetry's SDK were not installed. */
function withoutSdk(): string {
  const hooks = `export const resolve = (specifier, context, next) => {
    if (/^@opentelemetry[/](?!api)/.test(specifier))
      throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })
    return next(specifier, context)
  }`
  const dataUrl = (program: string) => `data:text/javascript,${encodeURIComponent(program)}`
  return `--import ${dataUrl(`import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hooks))})`)}`
}

/** The only line that is not the log's. */
function complaint({ code, stdout, stderr }: Finished, expected: number): string {
  assert.is(code, expected, stderr)
  assert.is(stdout, '')
  const [line = '', ...more] = stderr.split('\n').filter((each) => each !== '' && !each.startsWith('{'))
  assert.equal(more, [])
  return line
}

for (const [about, args, code, words] of [
  ['no such file', ['--config', 'none.yaml'], 64, /^gorego: none\.yaml: .*no such file; --config/],
  ['a directory for a file', ['--config', 'folder'], 64, /^gorego: folder: .*it is a directory; --config/],
  ['no YAML', ['--config', 'broken.yaml'], 64, /^gorego: broken\.yaml:2: /],
  [
    'an unknown key',
    ['--config', 'unknown.yaml'],
    64,
    /unknown\.yaml:1: unknown key lisen_addr; did you mean listen_addr\?/,
  ],
  ['a bad value', ['--concurrency', '-3'], 64, /--concurrency: got "-3", want a whole number/],
  ['an unknown flag', ['--lisen', 'x'], 64, /unknown flag --lisen; did you mean --listen\?/],
  [
    'no address of ours',
    ['--insecure', '--listen', '192.0.2.1:1', ...DIR],
    69,
    /this machine has no such address: .* --listen/,
  ],
  [
    'a socket nowhere',
    ['--listen', 'unix:no/x.sock', ...DIR],
    69,
    /no\/x\.sock: its directory is not there.* --listen/,
  ],
  [
    'a file as a directory',
    [...FREE, '--dir', 'unknown.yaml/x'],
    70,
    /unknown\.yaml\/x: a part of that path is a file/,
  ],
] as const) {
  test(`${about}: one line, exit code ${code}`, async () => {
    await using machine = new Machine()
    mkdirSync(join(machine.cwd, 'folder'))
    writeFileSync(join(machine.cwd, 'broken.yaml'), 'local_cache: [\n')
    writeFileSync(join(machine.cwd, 'unknown.yaml'), 'lisen_addr: 127.0.0.1:0\n')
    const finished = await machine.gorego(['start', ...args])
    const stderr = finished.stderr.replace(/^See gorego .*\n/m, '')
    assert.match(complaint({ ...finished, stderr }, code), words)
  })
}

test('a directory where nothing can be made: /proc, in which Node alone would try for ever', async () => {
  if (process.platform !== 'linux') return console.log('SKIP directories in /proc: there is none here')
  await using machine = new Machine()
  const words = (setting: string) =>
    new RegExp(`cannot keep anything in /proc/gorego/x: its file system takes no new directories: .*${setting}`)
  assert.match(complaint(await machine.gorego(['start', ...FREE, '--dir', '/proc/gorego/x']), 70), words('--dir'))
  const env = { GOREGO_LOCAL_CACHE_DIR: join(machine.cwd, 'all'), GOREGO_EXECUTION_BUILD_ROOT: '/proc/gorego/x' }
  assert.match(complaint(await machine.gorego(['start', ...FREE], env), 70), words('execution.build_root'))
})

test('a directory that this user may not write to: which user, and what to do', async () => {
  await using machine = new Machine()
  const dir = join(machine.cwd, 'theirs')
  mkdirSync(dir, { mode: 0o555 })
  // For root nothing is forbidden; a file system that is read-only for everybody is, where one can be had.
  const words = process.getuid?.() === 0 ? /read-only/ : /may not write there: .*chown.*--dir/
  if (process.getuid?.() === 0 && spawnSync('mount', ['--bind', '-o', 'ro', dir, dir]).status !== 0) {
    console.log('skipped: nothing is read-only for root, and mounts are not possible here')
    return
  }
  try {
    const args = ['start', ...FREE, '--dir', join(dir, 'cache')]
    assert.match(complaint(await machine.gorego(args), 70), words)
  } finally {
    if (process.getuid?.() === 0) spawnSync('umount', [dir])
  }
})

test('a directory that another server has: which process, and what to do; and who else has it open is told', async () => {
  await using machine = new Machine()
  const first = machine.start(['start', ...FREE, ...DIR])
  await first.ready()
  const refused = complaint(await machine.gorego(['start', ...FREE, ...DIR]), 70)
  assert.match(refused, /^gorego: .*\/all is the cache of a server that runs, process \d+: stop that one, or .* --dir$/)
  // It goes on as if nothing had been, and what is not a server may be beside it.
  const beside = await machine.gorego(['run', '--dir', 'all', '--', 'echo', 'beside'])
  assert.equal([beside.code, beside.stdout], [0, 'beside\n'])
  first.signal('SIGKILL')
  await first.finished
  // One that was killed has nothing any more.
  using embedded = await LocalStore.open({ dir: join(machine.cwd, 'all') })
  const next = machine.start(['start', ...FREE, ...DIR])
  await next.ready()
  next.signal('SIGTERM')
  const { code, stderr } = await next.finished
  assert.is(code, 0)
  assert.match(stderr, new RegExp(`"pids":"${process.pid}","msg":"other processes have this cache open`))
  assert.is((await embedded.findMissing([blobOf('absent').digest])).length, 1)
})

test('tracing without the packages of OpenTelemetry, which are optional: which ones, and what to do', async () => {
  await using machine = new Machine()
  const env = { NODE_OPTIONS: withoutSdk() }
  const tracing = { GOREGO_TELEMETRY_TRACING_ENDPOINT: 'http://127.0.0.1:1/v1/traces' }
  assert.match(
    complaint(await machine.gorego(['start', ...FREE, ...DIR], { ...env, ...tracing }), 64),
    /^gorego: telemetry\.tracing_endpoint needs packages that are not installed.* --omit=optional, or leave out that setting$/,
  )
  // Nobody else needs them.
  const server = machine.start(['start', ...FREE, ...DIR], env)
  await server.ready()
  server.signal('SIGTERM')
  assert.is((await server.finished).code, 0)
})

test.run()
