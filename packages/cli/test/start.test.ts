import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Machine } from './cli-process.js'

test('without configuration it serves, says all that one needs to know, and stops when told to', async () => {
  await using machine = new Machine()
  const settings = { GOREGO_EXECUTION_SANDBOX: 'auto' }
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--concurrency', '3'], settings)
  const address = await server.ready()
  assert.match(address, /^grpc:\/\/127\.0\.0\.1:[1-9]\d*$/)
  const ran = await machine.gorego(['run', '--remote', address, '--', 'echo', 'hello'])
  assert.equal([ran.code, ran.stdout], [0, 'hello\n'])
  server.signal('SIGTERM')
  const { code, stdout, stderr } = await server.finished
  assert.is(code, 0, stderr)
  const dir = join(machine.home, '.cache', 'gorego', 'server')
  assert.match(stdout, `listens on  ${address}\n`)
  assert.match(stdout, `keeps       ${dir} (blobs up to 50 GB)\n`)
  assert.match(stdout, /slots {7}3 /)
  assert.match(stdout, /sandbox {5}(bubblewrap|none) \(/)
  assert.match(stdout, `build --remote_executor=${address}\n`)
  assert.match(stdout, 'build --jobs=6\n')
  assert.ok(stdout.endsWith(`\ngorego ready on ${address}\n`))
  assert.is(stdout.match(/gorego ready/g)?.length, 1)
  for (const line of stderr.trimEnd().split('\n')) assert.type(JSON.parse(line).msg, 'string')
  // Blobs, results, and nothing that was under way.
  assert.equal(readdirSync(join(dir, 'run')), [])
  assert.equal(readdirSync(machine.cwd), [])
})

test('--dir takes everything, build roots too, whatever the file says', async () => {
  await using machine = new Machine()
  writeFileSync(join(machine.cwd, 'config.yaml'), 'listen_addr: 127.0.0.1:0\nexecution: { build_root: ./elsewhere }\n')
  const server = machine.start(['start', '--config', 'config.yaml', '--dir', 'all'])
  const address = await server.ready()
  const ran = await machine.gorego(['run', '--remote', address, '--', 'pwd'])
  assert.ok(ran.stdout.startsWith(join(machine.cwd, 'all')), ran.stdout)
  server.signal('SIGINT')
  assert.is((await server.finished).code, 0)
  assert.equal(readdirSync(machine.cwd).sort(), ['all', 'config.yaml'])
  assert.not.ok(existsSync(join(machine.home, '.cache')))
})

test('it serves on a Unix socket', async () => {
  await using machine = new Machine()
  const server = machine.start(['start', '--listen', 'unix:gorego.sock', '--dir', 'all'])
  const address = await server.ready()
  assert.is(address, `unix:${join(machine.cwd, 'gorego.sock')}`)
  assert.ok(statSync(join(machine.cwd, 'gorego.sock')).isSocket())
  assert.is((await machine.gorego(['run', '--remote', address, '--', 'echo', 'hi'])).stdout, 'hi\n')
  server.signal('SIGTERM')
  assert.is((await server.finished).code, 0)
})

test('several front ends: it says so, serves, and when it is killed none of them stays', async () => {
  await using machine = new Machine()
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'all'], { GOREGO_FRONT_ENDS: '2' })
  const address = await server.ready()
  await server.printed('stdout', /front ends {2}2 /)
  const ran = await machine.gorego(['run', '--remote', address, '--', 'echo', 'hello'])
  assert.equal([ran.code, ran.stdout], [0, 'hello\n'])
  const children = childrenOf(server.pid)
  assert.ok(children.length >= 2, children.join())
  await server.kill()
  await Promise.all(children.map(gone))
})

test('a port that is taken: what to do about it, and exit code 69', async () => {
  await using machine = new Machine()
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'first'])
  const taken = (await server.ready()).replace('grpc://', '')
  const second = await machine.gorego(['start', '--listen', taken, '--dir', 'second'])
  assert.is(second.code, 69)
  assert.is(second.stdout, '')
  assert.match(second.stderr, `gorego: cannot listen on ${taken}: something listens there already`)
  assert.match(second.stderr, '--listen')
})

test('told to stop, it lets running actions finish', async () => {
  await using machine = new Machine()
  const [started, go] = [machine.fifo('started'), machine.fifo('go')]
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'all'])
  const address = await server.ready()
  const script = `echo > ${started}; cat ${go}`
  const client = machine.start(['run', '--remote', address, '--', 'sh', '-c', script])
  await readFile(started)
  server.signal('SIGTERM')
  await server.printed('stderr', /"stopping/)
  await writeFile(go, 'finished\n')
  assert.is((await client.finished).stdout, 'finished\n')
  assert.is((await server.finished).code, 0)
})

test('what does not finish within shutdown_grace is ended, and that is a good end', async () => {
  await using machine = new Machine()
  const [started, never] = [machine.fifo('started'), machine.fifo('never')]
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'all'], { GOREGO_SHUTDOWN_GRACE: '1' })
  const address = await server.ready()
  const client = machine.start(['run', '--remote', address, '--', 'sh', '-c', `echo $$ > ${started}; cat ${never}`])
  const pid = Number(await readFile(started, 'utf8'))
  server.signal('SIGTERM')
  await server.printed('stderr', /"limit_s":1[,}]/)
  assert.is((await server.finished).code, 0)
  assert.is((await client.finished).code, 69)
  await gone(pid)
})

test('--idle-timeout: when nobody uses it, it ends by itself, and well', async () => {
  await using machine = new Machine()
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'all', '--idle-timeout', '1'])
  await server.ready()
  const { code, stderr } = await server.finished
  assert.is(code, 0, stderr)
  assert.match(stderr, /"why":"idle"/)
})

test('told twice, it ends at once, and the action with it', async () => {
  await using machine = new Machine()
  const [started, never] = [machine.fifo('started'), machine.fifo('never')]
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'all'])
  const address = await server.ready()
  const client = machine.start(['run', '--remote', address, '--', 'sh', '-c', `echo $$ > ${started}; cat ${never}`])
  const pid = Number(await readFile(started, 'utf8'))
  server.signal('SIGTERM')
  await server.printed('stderr', /"stopping/)
  // Signals in quick succession count as one; sooner or later one comes late enough.
  const insist = setInterval(() => server.signal('SIGTERM'), 100)
  const { code } = await server.finished
  clearInterval(insist)
  assert.is(code, 143)
  await client.finished
  await gone(pid)
})

test('a configuration that cannot be used: everything that is wrong with it, and exit code 64', async () => {
  await using machine = new Machine()
  writeFileSync(join(machine.cwd, 'config.yaml'), 'local_cache:\n  max_size: 5\n')
  const args = ['start', '--config', 'config.yaml', '--concurrency', 'many']
  const { code, stdout, stderr } = await machine.gorego(args, { GOREGO_LOG_LEVEL: 'loud' })
  assert.is(code, 64)
  assert.is(stdout, '')
  assert.match(stderr, 'config.yaml:2: unknown key local_cache.max_size; did you mean local_cache.max_size_gb?')
  assert.match(stderr, '--concurrency: got "many"')
  assert.match(stderr, 'GOREGO_LOG_LEVEL: got "loud"')
})

test('an address that other machines reach needs TLS or --insecure: exit code 64', async () => {
  await using machine = new Machine()
  const args = ['start', '--listen', '0.0.0.0:0', '--dir', 'all']
  const { code, stdout, stderr } = await machine.gorego(args)
  assert.equal([code, stdout], [64, ''])
  assert.match(stderr, /listen_addr: other machines can reach 0\.0\.0\.0:0.*tls\.cert_file.*--insecure/)
  const server = machine.start([...args, '--insecure'])
  await server.ready()
  server.signal('SIGTERM')
  assert.is((await server.finished).code, 0)
})

test('variables count, unknown ones are a warning', async () => {
  await using machine = new Machine()
  const env = { GOREGO_LISTEN_ADDR: '127.0.0.1:0', GOREGO_EXECUTION_ENABLED: 'false', GOREGO_EXECUTION_CONCURENCY: '1' }
  const server = machine.start(['start', '--dir', 'all'], env)
  const address = await server.ready()
  server.signal('SIGTERM')
  const { code, stdout, stderr } = await server.finished
  assert.is(code, 0)
  assert.match(stdout, `build --remote_cache=${address}\n`)
  assert.not.match(stdout, 'remote_executor')
  assert.match(stderr, 'did you mean GOREGO_EXECUTION_CONCURRENCY?')
})

test('a directory that cannot be made is named, and it is not called a mistake of ours', async () => {
  await using machine = new Machine()
  writeFileSync(join(machine.cwd, 'file'), '')
  const { code, stderr } = await machine.gorego(['start', '--listen', '127.0.0.1:0', '--dir', 'file/cache'])
  assert.is(code, 70)
  assert.match(stderr, join(machine.cwd, 'file'))
  assert.match(stderr, /a part of that path is a file.*--dir/)
  assert.not.match(stderr, 'report')
})

/** The kernel takes a moment to end a process that was killed. */
async function gone(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((resolve) => setImmediate(resolve))
}

/** Process ids of what a process has started. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number)
}

function isRunning(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')
  } catch {
    return false
  }
}

test.run()
