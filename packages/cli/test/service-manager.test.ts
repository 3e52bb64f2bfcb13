// systemd as gorego sees it: a datagram socket that hears how it is. Node has none, Python does.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Machine } from './cli-process.js'

const DEPLOY = fileURLToPath(new URL('../../../deploy/', import.meta.url))

/** Prints each message as a line. Descriptors that come along are closed unseen, which is what a sender's barrier waits for. */
const LISTENER = `
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace('@', chr(0), 1) if sys.argv[1].startswith('@') else sys.argv[1])
print(json.dumps('listening'), flush=True)
while True: print(json.dumps(s.recv(65536).decode()), flush=True)
`

function lacking(...programs: readonly string[]): boolean {
  const absent = programs.filter((program) => spawnSync(program, ['--version']).status !== 0)
  if (absent.length > 0) console.log(`skipped: there is no ${absent.join(', ')} here`)
  return absent.length > 0
}

class Listener implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(address: string) {
    this.#child = spawn('python3', ['-c', LISTENER, address], { stdio: ['ignore', 'pipe', 'inherit'] })
    if (this.#child.stdout === null) throw new Error('no pipe')
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]()
  }

  async next(): Promise<string> {
    return JSON.parse((await this.#lines.next()).value)
  }

  async until(text: string): Promise<string> {
    for (;;) {
      const message = await this.next()
      if (message.includes(text)) return message
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await closed
  }
}

for (const kind of ['in a directory', 'abstract'] as const) {
  test(`systemd hears that it serves, that it is well, and that it ends: a socket ${kind}`, async () => {
    if (process.platform !== 'linux' || lacking('python3', 'systemd-notify')) return
    await using machine = new Machine()
    const socket = kind === 'abstract' ? `@gorego-test-${process.pid}` : join(machine.cwd, 'notify')
    await using listener = new Listener(socket)
    await listener.until('listening')
    const env = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '400000', GOREGO_SHUTDOWN_GRACE: '7' }
    const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'all', '--concurrency', '2'], env)
    const address = (await server.ready()).replace('grpc://', '')
    assert.match(await listener.until('READY=1'), `STATUS=serves on ${address}, 2 slots`)
    await listener.until('WATCHDOG=1')
    server.signal('SIGTERM')
    assert.match(await listener.until('STOPPING=1'), 'EXTEND_TIMEOUT_USEC=22000000')
    const { code, stderr } = await server.finished
    assert.is(code, 0, stderr)
    assert.not.match(stderr, 'could not be told')
  })
}

test('where systemd cannot be told, the log says what to do, and it serves', async () => {
  await using machine = new Machine()
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'all'], {
    NOTIFY_SOCKET: join(machine.cwd, 'nobody'),
  })
  await server.printed('stderr', /Type=exec/)
  server.signal('SIGTERM')
  assert.is((await server.finished).code, 0)
})

test('the unit file is one that systemd understands', () => {
  if (lacking('systemd-analyze')) return
  using directory = temporaryDirectory()
  const unit = readFileSync(join(DEPLOY, 'gorego.service'), 'utf8')
  const file = join(directory.path, 'gorego.service')
  // It wants to see the program and the user.
  writeFileSync(
    file,
    unit.replace('/usr/bin/gorego', process.execPath).replaceAll(/^(User|Group)=gorego$/gm, '$1=root'),
  )
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
  const ours = stderr.split('\n').filter((line) => line.includes('gorego'))
  assert.equal(ours, [])
  assert.is(status, 0, stderr)
})

test('what the Dockerfile takes from the checkout is there; nothing runs as root in the end', () => {
  const text = readFileSync(join(DEPLOY, 'Dockerfile'), 'utf8')
  const built = [...text.matchAll(/^COPY --from=build \/src\/(\S+) /gm)].map(([, path = '']) => path)
  assert.equal(built, ['node_modules', 'packages'])
  const [, program = ''] = /ln -s \/app\/(\S+)/.exec(text) ?? []
  assert.ok(existsSync(join(DEPLOY, '..', program)), program)
  const [, pnpm = ''] = /npx -y (pnpm@\S+)/.exec(text) ?? []
  assert.is(JSON.parse(readFileSync(join(DEPLOY, '..', 'package.json'), 'utf8')).packageManager, pnpm)
  assert.equal(
    [...text.matchAll(/^USER (\S+)$/gm)].map(([, user]) => user),
    ['gorego'],
  )
})

test.run()
