import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isRunning } from '../testing/is-running.js'
import { until } from '../testing/until.js'
import { WorkerRig } from '../testing/worker-rig.js'

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open({ slots: 1 })
})
test.after(async () => {
  assert.equal(await rig.close(), [])
})

/** Runs until a file is there. */
const waitFor = (path: string) => `while [ ! -e ${path} ]; do sleep 0.01; done`

test('a runner starts when it is needed, and takes one action after the other', async () => {
  assert.equal(rig.worker.runnerPids, [])
  const pids = new Set<number | undefined>()
  for (const salt of ['1', '2', '3']) {
    await rig.sh('exit 0', { salt })
    pids.add(rig.worker.runnerPids[0])
  }
  assert.is(pids.size, 1)
})

test('a runner that is killed: its command dies, the action runs again; twice is an error', async () => {
  const starts = rig.path('starts')
  const pids = () => (existsSync(starts) ? readFileSync(starts, 'utf8').trimEnd().split('\n').map(Number) : [])
  const kill = () => process.kill(rig.worker.runnerPids[0] ?? 0, 'SIGKILL')

  const once = rig.sh(`echo $$ >> ${starts}; ${waitFor(rig.path('gate'))}; echo done`)
  await until('the first start', () => pids().length === 1)
  kill()
  await until('the second start', () => pids().length === 2)
  await until('the end of the first command', () => !isRunning(pids()[0] ?? 0))
  writeFileSync(rig.path('gate'), '')
  const { outcome, stdout } = await once
  assert.is(outcome.failure, undefined)
  assert.is(stdout, 'done\n')

  const twice = rig.sh(`echo $$ >> ${starts}; exec sleep 600`)
  await until('the third start', () => pids().length === 3)
  kill()
  await until('the fourth start', () => pids().length === 4)
  kill()
  const { failure } = (await twice).outcome
  assert.is(failure?.code, 'internal')
  assert.match(failure?.message ?? '', /died, twice .*SIGKILL/)
  await until('the end of the commands', () => !pids().some(isRunning))
  assert.is((await rig.sh('ls -A; ls -A ..')).stdout, 'root\n')
})

test('a runner that says what nobody understands fails the action, and nothing else', async () => {
  const path = rig.path('runner-of-another-version.mjs')
  const reply = { kind: 'reply', reply: { kind: 'failed', failure: {} }, stored: [{ fn: 'sha256', names: ['a'] }] }
  writeFileSync(
    path,
    `process.on('message', ({ kind, id }) => kind === 'job' && process.send({ ...${JSON.stringify(reply)}, id }))`,
  )
  await using other = await WorkerRig.open({ runner: path, launcher: 'node' })
  await other.sh('exit 0').then(
    () => assert.unreachable(),
    (error) => assert.instance(error, Error),
  )
})

test('a runner that is killed while it is idle is replaced', async () => {
  await rig.sh('exit 0')
  const [pid = 0] = rig.worker.runnerPids
  process.kill(pid, 'SIGKILL')
  await until('the end of the runner', () => rig.worker.runnerPids.length === 0)
  assert.is((await rig.sh('echo again')).stdout, 'again\n')
})

test('stopping the worker ends what runs and what waits, and starts nothing again', async () => {
  const pid = rig.path('pid')
  const running = rig.sh(`echo $$ > ${pid}; exec sleep 600`)
  await until('the command', () => existsSync(pid) && readFileSync(pid, 'utf8') !== '')
  const command = Number(readFileSync(pid, 'utf8'))
  const waiting = rig.sh('exit 0', { salt: 'waits' })
  await rig.worker[Symbol.asyncDispose]()
  assert.is((await running).outcome.failure?.code, 'unavailable')
  assert.is((await waiting).outcome.failure?.code, 'unavailable')
  assert.is((await rig.sh('exit 0', { salt: 'later' })).outcome.failure?.code, 'unavailable')
  assert.equal(rig.worker.runnerPids, [])
  await until('the end of the command', () => !isRunning(command))
})

test.run()
