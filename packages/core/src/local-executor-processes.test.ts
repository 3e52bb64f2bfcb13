import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { content, file } from './embed/inputs.js'
import type { ExecutionError } from './embed/run-result.js'
import { LocalExecutor } from './local-executor.js'
import { isRunning } from './testing/is-running.js'
import { temporaryDirectory } from './testing/temporary-directory.js'
import { until } from './testing/until.js'

const program = fileURLToPath(new URL('../test/fixtures/exits-by-itself.ts', import.meta.url))
const space = temporaryDirectory()
const path = (name: string) => join(space.path, name)
test.after(() => space[Symbol.dispose]())

function start(root: string, how: string): { child: ChildProcess; said: () => string[] } {
  const args = [...process.execArgv, program, root, how]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  return { child, said: () => output.split('\n').filter(Boolean) }
}

test('a program ends by itself, without close and with it, and leaves no process', async () => {
  const ends = ['just end', 'close'].map(async (how) => {
    const { child, said } = start(path(how), how)
    assert.equal(await once(child, 'close'), [0, null], how)
    assert.equal(said().slice(1), how === 'close' ? ['closed'] : [])
    await until('the end of the runner', () => !isRunning(Number(said()[0])))
  })
  await Promise.all(ends)
  assert.equal(readdirSync(path('close/run')), [])
})

test('a program that is killed leaves no process; what it leaves on the disk is swept by the next', async () => {
  const root = path('killed')
  const { child, said } = start(root, 'killed')
  await until('the command', () => existsSync(join(root, 'pid')) && readFileSync(join(root, 'pid'), 'utf8') !== '')
  child.kill('SIGKILL')
  await once(child, 'close')
  const pids = [Number(said()[0]), Number(readFileSync(join(root, 'pid'), 'utf8'))]
  await until('the end of runner and command', () => !pids.some(isRunning))
  assert.is(readdirSync(join(root, 'run')).length, 1)
  const executor = await LocalExecutor.open({ root, concurrency: 1 })
  assert.is(readdirSync(join(root, 'run')).length, 1)
  assert.is((await executor.run({ argv: ['/bin/sh', '-c', 'echo $PPID'] })).cached, true)
  await executor.close()
  assert.equal(readdirSync(join(root, 'run')), [])
})

test('two executors share a root: what one ran, the other finds', async () => {
  const root = path('two')
  const [one, two] = await Promise.all([LocalExecutor.open({ root, concurrency: 1 }), LocalExecutor.open({ root })])
  const action = {
    argv: ['/bin/sh', '-c', 'mkdir out; cp in out/copy; cat in'],
    inputs: { in: content('shared') },
    outputs: ['out'],
  }
  assert.is((await one.run(action)).cached, false)
  const found = await two.run(action)
  assert.equal([found.cached, found.stdout], [true, 'shared'])
  await found.materialize(path('materialized'))
  assert.is(readFileSync(path('materialized/out/copy'), 'utf8'), 'shared')

  // One of them makes room: the other must not rely on what it remembers.
  rmSync(join(root, 'cas', 'sha256'), { recursive: true })
  await LocalExecutor.open({ root }).then((third) => third.close())
  const again = await one.run({ ...action, salt: 'again' })
  assert.equal([again.exitCode, again.stdout], [0, 'shared'])
  assert.is((await two.run(action)).stdout, 'shared')
  await Promise.all([one.close(), two.close()])
  assert.equal(readdirSync(join(root, 'run')), [])
})

test('what inputs were hashed to is there for the next process, and for another one at the same time', async () => {
  const root = path('inputs')
  // It was written long ago: what was written just now is hashed again.
  const tool = file('/bin/sh')
  const action = { argv: ['./tool', '-c', 'echo ran'], inputs: { tool } }
  const executors = await Promise.all([LocalExecutor.open({ root }), LocalExecutor.open({ root })])
  for (const executor of executors) assert.is((await executor.run(action)).stdout, 'ran\n')
  await Promise.all(executors.map((executor) => executor.close()))
  assert.match(readFileSync(join(root, 'inputs/sha256'), 'utf8'), / \/bin\/sh\n$/)
  assert.equal(readdirSync(join(root, 'inputs')), ['sha256'])
  rmSync(join(root, 'cas'), { recursive: true })
  rmSync(join(root, 'ac'), { recursive: true })
  await using next = await LocalExecutor.open({ root })
  assert.is((await next.run(action)).stdout, 'ran\n', 'the evicted blob is stored again')
})

test('closing ends what runs, as unavailable', async () => {
  const executor = await LocalExecutor.open({ root: path('closing'), concurrency: 1 })
  const running = ['a', 'b'].map((salt) =>
    executor.run({ argv: ['/bin/sh', '-c', `echo $$ > ${path('pid')}; exec sleep 600`], salt }),
  )
  const ends = Promise.allSettled(running)
  await until('the command', () => existsSync(path('pid')) && readFileSync(path('pid'), 'utf8') !== '')
  const pid = Number(readFileSync(path('pid'), 'utf8'))
  await executor.close()
  for (const end of await ends) {
    assert.is(end.status, 'rejected')
    assert.is((end as { reason: ExecutionError }).reason.code, 'unavailable')
  }
  await until('the end of the command', () => !isRunning(pid))
})

test.run()
