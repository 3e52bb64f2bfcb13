import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { enoughTime } from '../testing/enough-time.js'
import { isRunning } from '../testing/is-running.js'
import { until } from '../testing/until.js'
import { WorkerRig } from '../testing/worker-rig.js'

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open()
})
test.after(async () => {
  assert.equal(await rig.close(), [])
})

/** Process ids that an action wrote into a file, once it has written all of them. */
async function pidsIn(path: string, count = 1): Promise<number[]> {
  const read = () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean).map(Number) : [])
  await until(`${count} process ids in ${path}`, () => read().length === count)
  return read()
}

const allGone = (pids: number[]) => until(`the end of ${pids}`, () => !pids.some(isRunning))

test('EX-12 a command beyond its time limit is stopped; ER-03 what there is of it is kept', async () => {
  const pids = rig.path('timeout')
  const script = `echo $$ >> ${pids}; echo partial; echo error >&2; echo made > out; echo made; sleep 600`
  const attempt = async (timeoutMs: number) => {
    const ran = await rig.sh(script, { outputPaths: ['out', 'never'] }, { timeoutMs })
    assert.is(ran.outcome.failure?.code, 'deadline-exceeded')
    assert.match(ran.outcome.failure?.message ?? '', ` ${timeoutMs / 1000} s`)
    return ran
  }
  const { action, result, stdout, stderr } = await enoughTime(300, attempt, (ran) => ran.stdout.endsWith('made\n'))
  assert.equal([stdout, stderr], ['partial\nmade\n', 'error\n'])
  const files = result.getOutputFilesList()
  assert.equal(
    files.map((file) => file.getPath()),
    ['out'],
  )
  assert.is(await rig.text(files[0]?.getDigest()), 'made\n')
  assert.is(result.getExitCode(), 128 + 15)
  assert.is(await rig.cache.get({ instance: '', action: action.digest }), undefined, 'EX-17')
  await allGone(await pidsIn(pids))
  // EM-02: the clock that enforces the limit is the one that is reported.
  const took = result.getExecutionMetadata()?.getVirtualExecutionDuration()
  assert.ok(took !== undefined && took.getSeconds() * 1e9 + took.getNanos() >= 290e6)
})

test('a command that ends well when it is asked to stop has still not finished', async () => {
  const script = 'trap "echo stopping; exit 0" TERM; echo ready; sleep 600 & wait'
  const attempt = (timeoutMs: number) => rig.sh(script, {}, { timeoutMs })
  const { outcome, result } = await enoughTime(300, attempt, (ran) => ran.stdout.startsWith('ready\n'))
  assert.is(outcome.failure?.code, 'deadline-exceeded')
  assert.is(result.getExitCode(), 0)
})

test('a command that ignores TERM is killed after a grace, with its whole process group', async () => {
  const pids = rig.path('ignores')
  const script = `
    trap "" TERM
    echo $$ >> ${pids}
    (echo $(exec sh -c 'echo $PPID') >> ${pids}; sleep 600; sleep 600) &
    until [ "$(wc -l < ${pids})" = 2 ]; do sleep 0.01; done
    echo both
    while :; do sleep 600; done`
  const attempt = async (timeoutMs: number) => {
    rmSync(pids, { force: true })
    return await rig.sh(script, {}, { timeoutMs })
  }
  const { outcome, result } = await enoughTime(300, attempt, (ran) => ran.stdout !== '')
  const all = await pidsIn(pids, 2)
  assert.is(outcome.failure?.code, 'deadline-exceeded')
  assert.is(result.getExitCode(), 128 + 9)
  await allGone(all)
})

test('grandchildren of a stopped command die, also one that ignores TERM and holds the output open', async () => {
  const pids = rig.path('grandchildren')
  const script = `
    (trap "" TERM; exec sh -c 'echo $$ >> ${pids}; while :; do sleep 600; done') &
    (exec sh -c 'echo $$ >> ${pids}; exec sleep 600') &
    wait`
  const stop = new AbortController()
  const running = rig.sh(script, {}, { signal: stop.signal })
  const all = await pidsIn(pids, 2)
  stop.abort()
  assert.is((await running).outcome.failure?.code, 'cancelled')
  await allGone(all)
})

test('what a command leaves in the background ends with it', async () => {
  const pids = rig.path('background')
  const { outcome } =
    await rig.sh(`(trap "" TERM HUP; exec sh -c 'echo $$ >> ${pids}; while :; do : > file$RANDOM; done') &
    while [ ! -s ${pids} ]; do sleep 0.01; done`)
  assert.is(outcome.failure, undefined)
  await allGone(await pidsIn(pids))
  assert.is((await rig.sh('ls -A')).stdout, '')
})

test('EX-11 an abort ends the command', async () => {
  const pids = rig.path('abort')
  const stop = new AbortController()
  const running = rig.sh(`echo $$ >> ${pids}; echo said; exec sleep 600`, {}, { signal: stop.signal })
  const [pid = 0] = await pidsIn(pids)
  stop.abort()
  const { action, outcome, stdout } = await running
  assert.is(outcome.failure?.code, 'cancelled')
  assert.is(stdout, 'said\n')
  assert.not(isRunning(pid))
  assert.is(await rig.cache.get({ instance: '', action: action.digest }), undefined)
})

test('an action that was aborted before is not run', async () => {
  const { outcome } = await rig.sh(`touch ${rig.path('ran')}`, {}, { signal: AbortSignal.abort() })
  assert.is(outcome.failure?.code, 'cancelled')
  assert.not(existsSync(rig.path('ran')))
})

test('an abort while the action waits for a slot lets it not run', async () => {
  const stop = new AbortController()
  const gate = rig.path('gate')
  const first = rig.sh(`while [ ! -e ${gate} ]; do sleep 0.01; done`)
  const second = rig.sh(`touch ${rig.path('waited')}`, {}, { signal: stop.signal })
  stop.abort()
  writeFileSync(gate, '')
  assert.is((await first).outcome.failure, undefined)
  assert.is((await second).outcome.failure?.code, 'cancelled')
  assert.not(existsSync(rig.path('waited')))
})

test('an abort after the end changes nothing', async () => {
  const stop = new AbortController()
  assert.is((await rig.sh('exit 3', {}, { signal: stop.signal })).result.getExitCode(), 3)
  stop.abort()
  assert.is((await rig.sh('exit 4')).result.getExitCode(), 4)
})

test('AN-03 a time limit too long for a timer is one all the same', async () => {
  const { outcome } = await rig.sh('sleep 0.05', {}, { timeoutMs: 30 * 24 * 3_600_000 })
  assert.is(outcome.failure, undefined)
})

test.run()
