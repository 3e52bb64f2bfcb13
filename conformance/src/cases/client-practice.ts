import { emptyDigest, reapi, SHA256 } from '@gorego/core'
import { enoughTime } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import {
  callFailure,
  execute,
  failure,
  findMissing,
  isCode,
  missingSubjects,
  paths,
  stdoutOf,
  store,
  updateRequest,
  uploadAction,
  write,
  writeRequest,
} from '../client/index.js'
import { endingOf, filesOf } from '../client/results.js'
import { Cases } from '../suite/case.js'

export const clientPractice = new Cases()
const { test } = clientPractice

const { OK, DEADLINE_EXCEEDED } = reapi.RpcCode
const { EXECUTING } = reapi.ExecutionStage.Value

test('CL-03: what clients hang without is there', async (t) => {
  for (const path of [
    paths.findMissingBlobs,
    paths.batchUpdateBlobs,
    paths.batchReadBlobs,
    paths.getTree,
    paths.read,
    paths.write,
    paths.getActionResult,
  ]) {
    const code = await callFailure(t.client, path, Buffer.alloc(0)).then(
      (failed) => failed.code,
      () => 'OK',
    )
    assert.is.not(code, 'UNIMPLEMENTED', path)
  }
})

test('CL-06: QueryWriteStatus is there', async (t) => {
  const { code } = await callFailure(t.client, paths.queryWriteStatus, Buffer.alloc(0))
  assert.is.not(code, 'UNIMPLEMENTED')
})

test('CL-05: messages well above 4 MiB arrive', async (t) => {
  const blob = t.blob(8 * 1024 * 1024)
  // As a batch it is too large, which is something else than a message that is.
  const failed = await callFailure(t.client, paths.batchUpdateBlobs, updateRequest(t.client, [blob]))
  isCode(failed, 'INVALID_ARGUMENT')
})

test(
  'CL-05: beyond 64 MiB they are refused, and the connection goes on',
  async (t) => {
    const request = updateRequest(t.client, [{ digest: t.blob('').digest, bytes: Buffer.alloc(64 * 1024 * 1024) }])
    isCode(await callFailure(t.client, paths.batchUpdateBlobs, request), 'RESOURCE_EXHAUSTED')
    assert.equal(await findMissing(t.client, [emptyDigest(SHA256)]), [])
  },
  { level: 'D' },
)

test('CL-14, CL-04: a client that never asked what the server can do is served', async (t) => {
  const client = t.connect()
  const blob = t.blob(4 * 1024 * 1024 - 1024 - 4)
  await store(client, blob)
  const large = t.blob(4_193_415)
  const name = `${client.instance === '' ? '' : `${client.instance}/`}uploads/1/blobs/${large.digest}`
  assert.is(await write(client, [writeRequest({ name, data: large.bytes, finish: true })]), large.bytes.length)
  assert.equal(await findMissing(client, [blob.digest, large.digest]), [])
})

test('CL-10: everything that is missing comes in one reply', async (t) => {
  t.needsExecution()
  const files = Array.from({ length: 5 }, (_, n) => t.blob(`input ${n}`))
  const inputs = Object.fromEntries(files.map((file, n) => [`f${n}`, file.bytes]))
  const action = t.shell('cat f*', { inputs })
  const missing = files.slice(1).map(({ digest }) => digest)
  await uploadAction(t.client, action, { except: missing })
  const ending = await endingOf(execute(t.client, action.digest))
  isCode(ending, 'FAILED_PRECONDITION')
  assert.equal(missingSubjects(ending.status), missing.map((digest) => `blobs/${digest}`).sort())
  await store(t.client, ...files)
  isCode(await endingOf(execute(t.client, action.digest)), 'OK')
})

test('CL-15: time limits of an hour and of a day are taken', async (t) => {
  t.needsExecution()
  for (const hours of [1, 24]) {
    const { code } = await t.run('echo in time', { timeoutMs: hours * 3_600_000, salt: t.unique(`${hours}`) })
    assert.is(code, OK, `${hours} h`)
  }
})

test('CL-18: a command that timed out shows what it printed, and what it had made', async (t) => {
  t.needsExecution()
  const script = 'echo made > made; echo the log; sleep 1000; echo never > never'
  const attempt = (timeoutMs: number) => t.run(script, { outputPaths: ['made', 'never'], timeoutMs })
  const seen = await enoughTime(1000, attempt, async (each) => (await stdoutOf(t.client, each)) !== '')
  assert.is(seen.code, DEADLINE_EXCEEDED)
  assert.is(await stdoutOf(t.client, seen), 'the log\n')
  assert.equal(await filesOf(t.client, seen), { made: 'made\n' })
})

test(
  'CL-11: an idle stream gets an update within 60 s',
  async (t) => {
    t.needsExecution()
    const action = t.shell('sleep 100')
    await uploadAction(t.client, action)
    let since = performance.now()
    let longest = 0
    for await (const { stage, operation } of execute(t.client, action.digest)) {
      const now = performance.now()
      if (stage === EXECUTING || operation.getDone()) longest = Math.max(longest, now - since)
      since = now
    }
    assert.ok(longest <= 60_000, `${Math.round(longest / 1000)} s without a word`)
  },
  { slow: true },
)

test('CL-11: an operation that nobody waits for ends after a grace', async (t) => {
  const server = await t.ownServer({ 'execution.abandon_after': 1, 'execution.concurrency': 1 })
  const client = t.connect(server)
  const gate = t.gate(server)
  const action = t.shell(gate.wait)
  await uploadAction(client, action)
  for await (const { stage } of execute(client, action.digest)) if (stage === EXECUTING) break
  // The only slot is free again: otherwise this would wait for ever.
  const next = t.shell('echo next')
  await uploadAction(client, next)
  const ending = await endingOf(execute(client, next.digest))
  isCode(ending, 'OK')
  const name = 'operations/none'
  isCode(await failure(client.unary(paths.getOperation, new reapi.GetOperationRequest().setName(name))), 'NOT_FOUND')
})
