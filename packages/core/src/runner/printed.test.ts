import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { enoughTime } from '../testing/enough-time.js'
import { WorkerRig } from '../testing/worker-rig.js'

const LIMIT = 1_000_000

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open({ policy: { maxPrintedBytes: LIMIT } })
})
test.after(async () => {
  assert.equal(await rig.close(), [])
})

const MESSAGE = /wrote more than 1 MB to (.*) and was stopped.*execution\.max_stdout_mb/

test('a command that floods stdout is stopped; the beginning is kept, and the outputs that there are', async () => {
  const { outcome, result, stdout, stderr } = await rig.sh(
    'echo x > before; echo start; echo err >&2; cat /dev/zero; touch after',
    { outputPaths: ['before', 'after'] },
  )
  assert.is(outcome.failure?.code, 'failed-precondition', 'not a code for which clients try again')
  assert.is(MESSAGE.exec(outcome.failure?.message ?? '')?.[1], 'stdout')
  assert.is(stdout.length, LIMIT)
  assert.ok(stdout.startsWith('start\n\0\0'))
  assert.is(stderr, 'err\n')
  assert.equal(
    result.getOutputFilesList().map((file) => file.getPath()),
    ['before'],
  )
})

test('a gigabyte of it', async () => {
  const { outcome, result } = await rig.sh('exec head -c 1000000000 /dev/zero')
  assert.is(outcome.failure?.code, 'failed-precondition')
  assert.is(result.getStdoutDigest()?.getSizeBytes(), LIMIT)
})

test('stderr has a limit of its own, and both can be over it', async () => {
  const err = await rig.sh('head -c 900000 /dev/zero; head -c 1100000 /dev/zero >&2')
  assert.is(MESSAGE.exec(err.outcome.failure?.message ?? '')?.[1], 'stderr')
  assert.equal([err.stdout.length, err.stderr.length], [900_000, LIMIT])
  const both = await rig.sh('head -c 1000001 /dev/zero; head -c 1000001 /dev/zero >&2')
  assert.match(both.outcome.failure?.message ?? '', MESSAGE)
})

test('one that is over when it ends has failed just the same, whenever that is noticed', async () => {
  const { outcome, action } = await rig.sh('head -c 1000001 /dev/zero')
  assert.is(outcome.failure?.code, 'failed-precondition')
  assert.is(await rig.cache.get({ instance: '', action: action.digest }), undefined, 'EX-17')
})

test('just as much as is allowed is fine', async () => {
  const { outcome, stdout } = await rig.sh('head -c 1000000 /dev/zero')
  assert.is(outcome.failure, undefined)
  assert.is(stdout.length, LIMIT)
})

test('one that ignores every signal that can be ignored, and its children, are stopped at once', async () => {
  const { outcome } = await rig.sh('trap "" TERM INT HUP; (trap "" TERM; cat /dev/zero) & cat /dev/zero; wait')
  assert.match(outcome.failure?.message ?? '', MESSAGE)
})

test('ER-03 a command that floods while it is being stopped has timed out, and the message says both', async () => {
  const script = 'trap "head -c 2000000 /dev/zero; exit 0" TERM; while :; do sleep 0.01; done'
  const attempt = (timeoutMs: number) => rig.sh(script, {}, { timeoutMs })
  const { outcome, stdout } = await enoughTime(300, attempt, (ran) => ran.stdout !== '')
  assert.is(outcome.failure?.code, 'deadline-exceeded')
  assert.match(
    outcome.failure?.message ?? '',
    /time limit of [\d.]+ s; of what it wrote to stdout, the first 1 MB were kept/,
  )
  assert.is(stdout.length, LIMIT)
})

test('outputs have no such limit', async () => {
  const { outcome, result } = await rig.sh('head -c 2000000 /dev/zero > big', { outputPaths: ['big'] })
  assert.is(outcome.failure, undefined)
  assert.is(result.getOutputFilesList()[0]?.getDigest()?.getSizeBytes(), 2_000_000)
})

test.run()
