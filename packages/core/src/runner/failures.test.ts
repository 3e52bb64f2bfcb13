import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Digest, SHA256 } from '../digest/index.js'
import type { Outcome } from '../scheduler/index.js'
import { buildAction } from '../testing/action-builder.js'
import { enoughTime } from '../testing/enough-time.js'
import { WorkerRig } from '../testing/worker-rig.js'

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open({ name: 'a-worker' })
})
test.after(async () => {
  assert.equal(await rig.close(), [])
})

async function logOf({ logs }: Outcome): Promise<string> {
  const digest = logs?.gorego
  assert.ok(digest, 'there is a log')
  return Buffer.from(await rig.store.get(digest)).toString()
}

test('ER-05 a command that did what it should needs no words', async () => {
  const { outcome } = await rig.sh('echo x > out', { outputPaths: ['out'] })
  assert.equal([outcome.message, outcome.logs, outcome.failure], [undefined, undefined, undefined])
})

test('ER-05 ER-01 how a command ended is said in a line', async () => {
  const messages: Record<string, RegExp> = {
    'exit 3': /^exit code 3 after \d+\.\d\d s$/,
    'kill -SEGV $$': /^the command was ended by signal SIGSEGV \(exit code 139\) after/,
    'kill -KILL $$':
      /^the command was ended by signal SIGKILL \(exit code 137\), often a sign that memory ran out, after/,
    // As when the kernel picks the compiler and not the shell.
    'sh -c "kill -KILL \\$\\$"; exit $?':
      /^exit code 137, which is how a shell reports signal SIGKILL, often .* memory/,
    'exit 255': /^exit code 255 after/,
  }
  for (const [script, message] of Object.entries(messages)) {
    const { outcome, result } = await rig.sh(script)
    assert.is(outcome.failure, undefined, script)
    assert.is.not(result.getExitCode(), 0)
    assert.match(outcome.message ?? '', message)
    assert.is(outcome.logs, undefined, 'EX-17: it did finish; what it printed says why')
  }
})

test('ER-05 outputs that were not made are named, not all of very many', async () => {
  const few = await rig.sh('touch a; ln -s a l; mkdir d', { outputPaths: ['a', 'b', 'c/d', 'd', 'l'] })
  assert.is(few.outcome.failure, undefined)
  assert.is(few.outcome.message, 'outputs that were not made: "b", "c/d"')
  const many = await rig.sh('exit 0', { outputFiles: Array.from({ length: 100 }, (_, n) => `f${n}`) })
  assert.match(many.outcome.message ?? '', /"f4" and 95 more$/)
  const failed = await rig.sh('exit 1', { outputPaths: ['a'] })
  assert.match(failed.outcome.message ?? '', /^exit code 1 after .* s; outputs that were not made: "a"$/)
})

test('ER-05 a failure has a log of what was done, with names of variables and no values', async () => {
  const { outcome, action } = await rig.run(
    {
      argv: ['no-such-program', 'an argument'],
      inputs: { a: 'some', d: { directory: { l: { symlink: 'x' } } } },
      workingDirectory: 'd',
      env: [
        ['PATH', '/nowhere'],
        ['TOKEN', 'a secret'],
      ],
    },
    { timeoutMs: 60_000 },
  )
  assert.is(outcome.failure?.code, 'invalid-argument')
  const log = await logOf(outcome)
  for (const fact of [
    String(action.digest),
    String(action.commandDigest),
    String(action.inputRootDigest),
    'a-worker',
    '3 entries; 1 file (4 bytes) put in place',
    '["no-such-program","an argument"]',
    '"d"',
    'PATH, TOKEN (names only)',
    '60 s',
    'there is no program "no-such-program"',
  ]) {
    assert.ok(log.includes(fact), `${fact} in\n${log}`)
  }
  assert.not.match(log, 'a secret')
  assert.not.match(log, rig.directory)
})

test('ER-05 a time-out and an output that cannot be taken have one, too', async () => {
  const late = await rig.sh('sleep 600', {}, { timeoutMs: 200 })
  const log = await logOf(late.outcome)
  assert.match(log, /ended +the command was ended by signal SIGTERM/)
  assert.match(log, /failure +deadline-exceeded: the command was stopped after its time limit of 0\.2 s/)
  const wrong = await rig.sh('mkfifo out', { outputPaths: ['out'] })
  assert.match(await logOf(wrong.outcome), /failure +failed-precondition: the output "out" is neither/)
})

test('ER-05 missing inputs have no log: what to do is in the details', async () => {
  const action = buildAction({ argv: ['/bin/true'], inputs: { x: 'never uploaded' } })
  await action.upload(rig.store, { except: [Digest.ofBytes(SHA256, Buffer.from('never uploaded'))] })
  const { outcome } = await rig.execute(action)
  assert.is(outcome.failure?.code, 'failed-precondition')
  assert.is(outcome.logs, undefined)
})

test('ER-05 a runner that dies leaves its last words', async () => {
  const { outcome } = await rig.sh('kill -9 $PPID; sleep 600')
  assert.is(outcome.failure?.code, 'internal')
  assert.match(await logOf(outcome), /died, twice: (signal SIGKILL|exit code 1: the launcher ended: SIGKILL)/)
})

test('ER-05 endless arguments do not make an endless log', async () => {
  const argv = ['./nothing', ...Array.from({ length: 1000 }, () => 'x'.repeat(100))]
  const { outcome } = await rig.run({ argv })
  assert.ok((await logOf(outcome)).length < 10_000)
})

test('ER-03 an output that cannot be taken does not keep out the others, nor what was printed', async () => {
  const script = 'echo said; touch a c; mkfifo b; mkdir d; touch d/f; ln -s a l'
  const { outcome, result, stdout } = await rig.sh(script, { outputPaths: ['a', 'b', 'c', 'd', 'l'] })
  assert.is(outcome.failure?.code, 'failed-precondition')
  assert.match(outcome.failure?.message ?? '', /"b"/)
  assert.is(stdout, 'said\n')
  assert.equal(
    [result.getOutputFilesList(), result.getOutputDirectoriesList(), result.getOutputSymlinksList()].map((list) =>
      list.map((output) => output.getPath()),
    ),
    [['a', 'c'], ['d'], ['l']],
  )
})

test('ER-03 a time-out after a bad output is a time-out', async () => {
  const attempt = (timeoutMs: number) =>
    rig.sh('mkfifo b; touch a; sleep 600', { outputPaths: ['a', 'b'] }, { timeoutMs })
  const { outcome, result } = await enoughTime(300, attempt, (ran) => ran.result.getOutputFilesList().length > 0)
  assert.is(outcome.failure?.code, 'deadline-exceeded')
  assert.equal(
    result.getOutputFilesList().map((file) => file.getPath()),
    ['a'],
  )
})

test.run()
