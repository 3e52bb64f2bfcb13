import { reapi } from '@gorego/core'
import * as assert from 'uvu/assert'
import { execute, uploadAction } from '../client/actions.js'
import { bytesOf, endingOf, filesOf, stderrOf, stdoutOf } from '../client/results.js'
import { Cases } from '../suite/case.js'

export const responses = new Cases((t) => t.needsExecution())
const { test } = responses

const { OK } = reapi.RpcCode

test('ER-01, ER-02: a command that fails did finish: exit code, streams and outputs', async (t) => {
  const script = 'echo to out; echo to err >&2; echo made > made; exit 3'
  const seen = await t.run(script, { outputPaths: ['made', 'not-made'] })
  assert.equal([seen.code, seen.response.hasResult(), seen.result.getExitCode()], [OK, true, 3])
  assert.equal([await stdoutOf(t.client, seen), await stderrOf(t.client, seen)], ['to out\n', 'to err\n'])
  assert.equal(await filesOf(t.client, seen), { made: 'made\n' })
})

test('ER-01: every exit code is a result', async (t) => {
  for (const code of [0, 1, 77, 126, 127, 255]) {
    const seen = await t.run(`exit ${code}`)
    assert.equal([seen.code, seen.result.getExitCode()], [OK, code])
  }
})

test('ER-01: so is the end by a signal, as a number that is not 0', async (t) => {
  const seen = await t.run('kill -SEGV $$')
  assert.is(seen.code, OK)
  assert.is.not(seen.result.getExitCode(), 0)
})

test(
  'ER-01: which is that of a shell',
  async (t) => {
    for (const [signal, number] of [
      ['SEGV', 11],
      ['KILL', 9],
    ] as const) {
      assert.is((await t.run(`kill -${signal} $$`)).result.getExitCode(), 128 + number)
    }
  },
  { level: 'D' },
)

test('ER-04: cached_result says whether the result was in the cache', async (t) => {
  const cached = []
  for (let n = 0; n < 3; n++) cached.push((await t.run('echo cached')).response.getCachedResult())
  assert.equal(cached, [false, true, true])
})

test('ER-05: what failed is told in words', async (t) => {
  const { bytes } = t.blob('not sent')
  const missing = t.shell('cat f', { inputs: { f: bytes } })
  const late = t.shell('sleep 60', { timeoutMs: 500 })
  const wrong = t.shell('mkdir out', { outputFiles: ['out'] })
  const none = t.action({ argv: ['/no/such/program'] })
  for (const action of [missing, late, wrong, none]) {
    await uploadAction(t.client, action, action === missing ? { except: [t.blob('not sent').digest] } : {})
    const { message, code } = await endingOf(execute(t.client, action.digest))
    assert.is.not(code, 'OK')
    assert.ok(message.length > 0 && message.length < 5000, `${code}: ${message.length} characters`)
  }
})

test('ER-05: logs of the server’s that come with a response can be read', async (t) => {
  const logs = (await t.run('mkdir out', { outputFiles: ['out'] })).response.getServerLogsMap()
  if (logs.getLength() === 0) t.notApplicable('the server sends no logs')
  for (const [, log] of logs.entries()) {
    const text = (await bytesOf(t.client, log.getDigest())).toString()
    assert.ok(text.length > 0)
    if (log.getHumanReadable()) assert.not(text.includes('\ufffd'), 'text is UTF-8')
  }
})

test('EM-01: metadata says when it all happened, in order', async (t) => {
  const { result } = await t.run('cat a; echo x > out', { inputs: { a: t.unique() }, outputPaths: ['out'] })
  const metadata = result.getExecutionMetadata()
  assert.ok(metadata)
  const stamps = [
    metadata.getQueuedTimestamp(),
    metadata.getWorkerStartTimestamp(),
    metadata.getInputFetchStartTimestamp(),
    metadata.getInputFetchCompletedTimestamp(),
    metadata.getExecutionStartTimestamp(),
    metadata.getExecutionCompletedTimestamp(),
    metadata.getOutputUploadStartTimestamp(),
    metadata.getOutputUploadCompletedTimestamp(),
    metadata.getWorkerCompletedTimestamp(),
  ].map((stamp) => (stamp === undefined ? Number.NaN : stamp.getSeconds() * 1e3 + stamp.getNanos() / 1e6))
  assert.equal(
    stamps,
    [...stamps].sort((a, b) => a - b),
    stamps.join(' '),
  )
  assert.not(stamps.some(Number.isNaN), stamps.join(' '))
})

test('EM-02: a virtual duration is no longer than the action', async (t) => {
  const { result } = await t.run('sleep 0.3')
  const metadata = result.getExecutionMetadata()
  const took = metadata?.getVirtualExecutionDuration()
  if (metadata === undefined || took === undefined)
    return t.notApplicable('the server tells no virtual_execution_duration')
  const millisOf = (stamp = new reapi.Timestamp()) => stamp.getSeconds() * 1e3 + stamp.getNanos() / 1e6
  const whole = millisOf(metadata.getWorkerCompletedTimestamp()) - millisOf(metadata.getWorkerStartTimestamp())
  // The clock of the day may be set in between; half a second is more than what that does.
  assert.ok(reapi.durationToMillis(took) <= whole + 500, `${reapi.durationToMillis(took)} ms of ${whole} ms`)
})

test('OR-09: what was printed is there by its digest', async (t) => {
  const { result } = await t.run(`echo '${t.unique()}'; echo '${t.unique()}' >&2`)
  for (const digest of [result.getStdoutDigest(), result.getStderrDigest()]) {
    assert.is((await bytesOf(t.client, digest)).toString(), `${t.unique()}\n`)
  }
})

test(
  'OR-09: what is empty has no digest',
  async (t) => {
    const { result } = await t.run('echo x >&2')
    assert.equal([result.hasStdoutDigest(), result.hasStderrDigest()], [false, true])
  },
  { level: 'D' },
)

test('OR-09: bytes that are no text, and more of them than a message holds', async (t) => {
  const seen = await t.run("printf '\\377\\000\\200'; head -c 5000000 /dev/zero >&2")
  assert.equal(await bytesOf(t.client, seen.result.getStdoutDigest()), Buffer.from([0xff, 0, 0x80]))
  assert.is((await bytesOf(t.client, seen.result.getStderrDigest())).length, 5_000_000)
})

test('OR-10, CL-08: the worker has a name', async (t) => {
  assert.ok((await t.run('true')).result.getExecutionMetadata()?.getWorker())
})

test('CL-17: there is no auxiliary metadata that nobody asked for', async (t) => {
  assert.is((await t.run('true')).result.getExecutionMetadata()?.getAuxiliaryMetadataList().length, 0)
})
