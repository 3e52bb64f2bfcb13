// The flags of all commands that talk to a server, by the example of `gorego run`.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Machine } from './cli-process.js'

const TOKEN = 'a-token-of-some-length'
const SERVER = ['start', '--listen', '127.0.0.1:0', '--dir', 'server', '--concurrency', '1']

test('a token is shown that a file has; without it, or with another, it is said what to do', async () => {
  await using machine = new Machine()
  const file = (name: string, text: string) => writeFileSync(join(machine.cwd, name), text, { mode: 0o600 })
  file('tokens', `me ${TOKEN}\n`)
  file('token', `${TOKEN}\n`)
  file('other', `${TOKEN}-not\n`)
  const server = machine.start(SERVER, { GOREGO_AUTH_TOKENS_FILE: 'tokens' })
  const target = await server.ready()
  const run = (...flags: string[]) => machine.gorego(['run', '--remote', target, ...flags, '--', 'echo', 'hello'])
  const [good, none, wrong, absent] = await Promise.all([
    run('--token-file', 'token'),
    run(),
    run('--token-file', 'other'),
    run('--token-file', 'nowhere'),
  ])
  assert.equal([good.code, good.stdout], [0, 'hello\n'], good.stderr)
  assert.is(none.code, 69)
  assert.match(none.stderr, `${target} wants to know who calls: --token-file, or --tls-cert`)
  assert.is(wrong.code, 69)
  assert.match(wrong.stderr, `${target} does not take the token: --token-file names another`)
  assert.is(absent.code, 64)
  assert.match(absent.stderr, /gorego: --token-file cannot be read: ENOENT/)
  for (const { stderr } of [good, none, wrong]) assert.not.match(stderr, TOKEN)
})

test('variables stand for flags that are not given, and --dir for here', async () => {
  await using machine = new Machine()
  const server = machine.start(SERVER, { GOREGO_INSTANCE_NAMES: 'one,two' })
  const GOREGO_REMOTE = await server.ready()
  const run = async (flags: readonly string[], env: Record<string, string>) =>
    await machine.gorego(['run', ...flags, '--', 'pwd'], { GOREGO_REMOTE, ...env })
  const [there, flag, wrong, here] = await Promise.all([
    run([], { GOREGO_REMOTE_INSTANCE: 'two' }),
    run(['--instance', 'one'], { GOREGO_REMOTE_INSTANCE: 'none' }),
    run([], {}),
    run(['--dir', 'here'], {}),
  ])
  assert.match(there.stdout, join(machine.cwd, 'server'), there.stderr)
  assert.match(flag.stdout, join(machine.cwd, 'server'), flag.stderr)
  assert.is(wrong.code, 64)
  assert.match(wrong.stderr, 'there is no instance ""')
  assert.match(here.stdout, join(machine.cwd, 'here'))
  const unreadable = await run([], { GOREGO_REMOTE_TOKEN_FILE: 'nowhere' })
  assert.match(unreadable.stderr, 'GOREGO_REMOTE_TOKEN_FILE cannot be read')
  const idle = await machine.gorego(['run', '--instance', 'one', '--', 'pwd'])
  assert.equal(
    [idle.code, idle.stderr.split('\n')[0]],
    [64, 'gorego: --instance is of use with --remote or --remote-cache only'],
  )
})

test('a cache is shared: what ran here is not run elsewhere; without it, it is run all the same, and said so', async () => {
  await using machine = new Machine()
  const file = (name: string, text: string) => writeFileSync(join(machine.cwd, name), text, { mode: 0o600 })
  file('tokens', `me ${TOKEN}\n`)
  file('token', `${TOKEN}\n`)
  const server = machine.start(SERVER, {
    GOREGO_AUTH_TOKENS_FILE: 'tokens',
    GOREGO_AUTH_PERMISSIONS: 'me=all',
    GOREGO_EXECUTION_ENABLED: 'false',
  })
  const target = await server.ready()
  const run = async (dir: string, flags: readonly string[], env: Record<string, string> = {}) =>
    await machine.gorego(['run', '--dir', dir, '--json', ...flags, '--', 'sh', '-c', 'echo $$'], env)
  const cached = ({ stdout }: { stdout: string }) => JSON.parse(stdout).cached
  const sharing = ['--remote-cache', target, '--token-file', 'token']
  const first = await run('one', sharing)
  assert.equal([first.code, cached(first), first.stderr], [0, false, ''])
  const second = await run('two', sharing)
  assert.equal([cached(second), second.stderr], [true, ''])
  assert.is(JSON.parse(second.stdout).stdout, JSON.parse(first.stdout).stdout)
  const variable = await run('three', ['--token-file', 'token'], { GOREGO_REMOTE_CACHE: target })
  assert.is(cached(variable), true, variable.stderr)
  const [refused, away] = await Promise.all([
    run('four', ['--remote-cache', target]),
    run('five', ['--remote-cache', 'unix:nobody.sock']),
  ])
  assert.equal([cached(refused), cached(away)], [false, false])
  assert.match(refused.stderr, /^gorego: going on without the cache: .*\n$/)
  assert.match(away.stderr, /^gorego: going on without the cache: no gRPC server answers at unix:nobody.sock: nothing/)
  const both = await machine.gorego(['run', '--remote', target, '--remote-cache', target, '--', 'true'])
  assert.equal([both.code, /--remote and --remote-cache/.test(both.stderr)], [64, true], both.stderr)
})

test('a server that knows these variables does not warn of them', async () => {
  await using machine = new Machine()
  const server = machine.start(SERVER, {
    GOREGO_REMOTE: 'grpc://127.0.0.1:1',
    GOREGO_REMOTE_TLS_CA: 'x',
    GOREGO_REMOT: 'x',
  })
  await server.ready()
  server.signal('SIGTERM')
  const { stderr } = await server.finished
  assert.match(stderr, 'GOREGO_REMOT means nothing')
  assert.not.match(stderr, /GOREGO_REMOTE(_TLS_CA)? means/)
})

test('nobody at home, and an address that is none', async () => {
  await using machine = new Machine()
  const run = (remote: string) => machine.gorego(['run', '--remote', remote, '--', 'true'])
  const [away, nonsense] = await Promise.all([run('unix:nobody.sock'), run('example')])
  assert.is(away.code, 69)
  assert.match(away.stderr, 'no gRPC server answers at unix:nobody.sock: nothing listens there')
  assert.match(away.stderr, 'start one there ("gorego start"), or say where it is: --remote')
  assert.is(nonsense.code, 64)
  assert.match(nonsense.stderr, '"example" is no address of a server: want grpc://host:port')
})

test('Ctrl-C ends the waiting for a server that says nothing, and the process', async () => {
  await using machine = new Machine()
  const mute = createServer()
  mute.listen(0, '127.0.0.1')
  const accepted = once(mute, 'connection')
  await once(mute, 'listening')
  const target = `grpc://127.0.0.1:${(mute.address() as AddressInfo).port}`
  const running = machine.start(['run', '--remote', target, '--', 'true'])
  const [socket] = (await accepted) as [Socket]
  running.signal('SIGINT')
  const { code, stderr } = await running.finished
  assert.equal([code, stderr], [130, 'gorego: interrupted\n'])
  mute.close()
  socket.destroy()
})

test('an authority that is not the system’s is named by a flag', async () => {
  await using machine = new Machine()
  try {
    certify(machine.cwd)
  } catch {
    console.log('skipped: openssl is not installed')
    return
  }
  const server = machine.start(SERVER, { GOREGO_TLS_CERT_FILE: 'server.pem', GOREGO_TLS_KEY_FILE: 'server.key' })
  const target = await server.ready()
  const run = (...flags: string[]) => machine.gorego(['run', '--remote', target, ...flags, '--', 'echo', 'hello'])
  const [good, none] = await Promise.all([run('--tls-ca', 'server.pem'), run()])
  assert.equal([good.code, good.stdout], [0, 'hello\n'], good.stderr)
  // Nor is there a word of what Node thinks of numbers as names.
  assert.match(good.stderr, /^gorego: exit code 0;.*\n$/)
  assert.is(none.code, 69)
  assert.match(
    none.stderr,
    /its certificate is not trusted \(self-signed certificate\)\n {2}--tls-ca names the authority/,
  )
})

/** A certificate for 127.0.0.1 that is its own authority. */
function certify(cwd: string): void {
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout server.key'.split(' ')
  const names = ['-subj', '/CN=server', '-addext', 'subjectAltName=IP:127.0.0.1']
  execFileSync('openssl', ['req', '-x509', ...key, '-out', 'server.pem', '-days', '2', ...names], {
    cwd,
    stdio: 'ignore',
  })
}

test.run()
